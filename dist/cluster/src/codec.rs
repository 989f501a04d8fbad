//! The plan codecs of the cluster: `filbert-dist`'s around Ballista's.
//!
//! Clients send logical plans to the scheduler, the scheduler sends physical ones to executors; both carry
//! kernels as bytes. The scheduler's own codecs refuse kernels in quarantine, in both directions: a generic
//! kernel may become one only when the scheduler plans.

use std::sync::Arc;

use ballista_core::serde::{BallistaLogicalExtensionCodec, BallistaPhysicalExtensionCodec};
use datafusion_proto::logical_plan::LogicalExtensionCodec;
use datafusion_proto::physical_plan::PhysicalExtensionCodec;
use filbert_dist::{KernelLogicalCodec, KernelPhysicalCodec};

use crate::probation::Probation;
use crate::quarantine::Quarantine;

fn kernel_logical() -> KernelLogicalCodec {
    KernelLogicalCodec::new(Arc::new(BallistaLogicalExtensionCodec::default()))
}

fn kernel_physical() -> KernelPhysicalCodec {
    KernelPhysicalCodec::new(Arc::new(BallistaPhysicalExtensionCodec::default()))
}

/// Logical plans, as clients write them.
pub fn logical() -> Arc<dyn LogicalExtensionCodec> {
    Arc::new(kernel_logical())
}

/// Physical plans, as executors read them.
pub fn physical() -> Arc<dyn PhysicalExtensionCodec> {
    Arc::new(kernel_physical())
}

/// Logical plans, as the scheduler reads them.
pub(crate) fn logical_guarded(quarantine: Arc<Quarantine>) -> Arc<dyn LogicalExtensionCodec> {
    Arc::new(kernel_logical().with_refusal(move |kernel| quarantine.check(kernel)))
}

/// Physical plans, as the scheduler writes them.
pub(crate) fn physical_guarded(
    quarantine: Arc<Quarantine>,
    probation: Arc<Probation>,
) -> Arc<dyn PhysicalExtensionCodec> {
    Arc::new(kernel_physical().with_refusal(move |kernel| {
        quarantine.check(kernel)?;
        probation.met(kernel);
        Ok(())
    }))
}
