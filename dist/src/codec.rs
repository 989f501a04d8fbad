//! Kernels inside serialised plans.
//!
//! A plan carries a function by name and, in `fun_definition`, by whatever bytes its codec writes. Ours are
//! the kernel itself (see `payload`), so a plan runs where nobody ever registered the kernel.
//!
//! Engines decode about once a task, so decoding verifies but does not compile. Every other function, node
//! and file format goes to the inner codec; payloads without our magic do as well. Kernels inside of its nodes
//! stand before them (see `beside`).

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use datafusion::arrow::datatypes::SchemaRef;
use datafusion::catalog::TableProvider;
use datafusion::common::{Result, TableReference, internal_err};
use datafusion::datasource::file_format::FileFormatFactory;
use datafusion::execution::TaskContext;
use datafusion::logical_expr::{AggregateUDF, Extension, HigherOrderUDF, LogicalPlan, ScalarUDF, WindowUDF};
use datafusion::physical_expr_common::physical_expr::proto_decode::PhysicalExprDecodeCtx;
use datafusion::physical_expr_common::physical_expr::proto_encode::PhysicalExprEncodeCtx;
use datafusion::physical_plan::{ExecutionPlan, PhysicalExpr};
use datafusion_proto::logical_plan::{DefaultLogicalExtensionCodec, LogicalExtensionCodec};
use datafusion_proto::physical_plan::{
    DefaultPhysicalExtensionCodec, PhysicalExtensionCodec, PhysicalProtoConverterExtension,
};
use filbert_ir::{KernelError, VerifiedKernel};

use crate::beside;
use crate::deal::Deal;
use crate::error::external;
use crate::payload::{self, Function};
use crate::template::TemplateUdf;
use crate::udf::KernelUdf;

/// Who may refuse a kernel that passes through a codec, in either direction. Without one, all pass.
#[derive(Clone, Default)]
struct Gate(Option<Arc<Refusal>>);

/// Why a kernel may not pass.
type Refusal = dyn Fn(&VerifiedKernel) -> Result<(), KernelError> + Send + Sync;

impl Gate {
    fn check(&self, kernel: &VerifiedKernel) -> Result<(), KernelError> {
        self.0.as_ref().map_or(Ok(()), |refusal| refusal(kernel))
    }

    /// Writes the payload of a function of ours; false, and nothing written, for any other function.
    fn encode(&self, udf: &ScalarUDF, buf: &mut Vec<u8>) -> Result<bool> {
        if let Some(udf) = udf.inner().downcast_ref::<KernelUdf>() {
            self.check(udf.kernel()).map_err(external)?;
            buf.extend(payload::of_kernel(udf));
            return Ok(true);
        }
        if let Some(udf) = udf.inner().downcast_ref::<TemplateUdf>() {
            buf.extend_from_slice(udf.bytes());
            return Ok(true);
        }
        match udf.inner().downcast_ref::<Deal>() {
            Some(deal) => buf.extend(payload::of_deal(deal)),
            None => return Ok(false),
        }
        Ok(true)
    }

    /// The function of a payload; `None` if the payload is not one of ours.
    fn decode(&self, name: &str, buf: &[u8]) -> Option<Result<Arc<ScalarUDF>>> {
        let rest = buf.strip_prefix(payload::MAGIC)?;
        let udf = payload::decode(rest).and_then(|function| match function {
            Function::Kernel(udf) => {
                self.check(udf.kernel())?;
                Ok(ScalarUDF::new_from_impl(udf))
            }
            Function::Template(udf) => Ok(ScalarUDF::new_from_impl(udf)),
            Function::Deal(deal) => Ok(ScalarUDF::new_from_impl(deal)),
        });
        Some(udf.map(Arc::new).map_err(|mut error| {
            error.kernel = name.to_string();
            external(error)
        }))
    }
}

impl fmt::Debug for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "Gate(closed to some)" } else { "Gate(open)" })
    }
}

/// Logical plans with kernels in them.
#[derive(Debug)]
pub struct KernelLogicalCodec {
    inner: Arc<dyn LogicalExtensionCodec>,
    gate: Gate,
}

impl KernelLogicalCodec {
    /// Kernels here, everything else through `inner`.
    pub fn new(inner: Arc<dyn LogicalExtensionCodec>) -> KernelLogicalCodec {
        KernelLogicalCodec { inner, gate: Gate::default() }
    }

    /// The codec that also asks `refusal` about every kernel that it writes or reads.
    pub fn with_refusal(
        self,
        refusal: impl Fn(&VerifiedKernel) -> Result<(), KernelError> + Send + Sync + 'static,
    ) -> KernelLogicalCodec {
        KernelLogicalCodec { gate: Gate(Some(Arc::new(refusal))), ..self }
    }
}

impl Default for KernelLogicalCodec {
    fn default() -> KernelLogicalCodec {
        KernelLogicalCodec::new(Arc::new(DefaultLogicalExtensionCodec {}))
    }
}

impl LogicalExtensionCodec for KernelLogicalCodec {
    fn try_encode_udf(&self, node: &ScalarUDF, buf: &mut Vec<u8>) -> Result<()> {
        if self.gate.encode(node, buf)? { Ok(()) } else { self.inner.try_encode_udf(node, buf) }
    }

    fn try_decode_udf(&self, name: &str, buf: &[u8]) -> Result<Arc<ScalarUDF>> {
        self.gate.decode(name, buf).unwrap_or_else(|| self.inner.try_decode_udf(name, buf))
    }

    fn try_decode(&self, buf: &[u8], inputs: &[LogicalPlan], ctx: &TaskContext) -> Result<Extension> {
        self.inner.try_decode(buf, inputs, ctx)
    }

    fn try_encode(&self, node: &Extension, buf: &mut Vec<u8>) -> Result<()> {
        self.inner.try_encode(node, buf)
    }

    fn try_decode_table_provider(
        &self,
        buf: &[u8],
        table: &TableReference,
        schema: SchemaRef,
        ctx: &TaskContext,
    ) -> Result<Arc<dyn TableProvider>> {
        self.inner.try_decode_table_provider(buf, table, schema, ctx)
    }

    fn try_encode_table_provider(
        &self,
        table: &TableReference,
        node: Arc<dyn TableProvider>,
        buf: &mut Vec<u8>,
    ) -> Result<()> {
        self.inner.try_encode_table_provider(table, node, buf)
    }

    fn try_decode_file_format(&self, buf: &[u8], ctx: &TaskContext) -> Result<Arc<dyn FileFormatFactory>> {
        self.inner.try_decode_file_format(buf, ctx)
    }

    fn try_encode_file_format(&self, buf: &mut Vec<u8>, node: Arc<dyn FileFormatFactory>) -> Result<()> {
        self.inner.try_encode_file_format(buf, node)
    }

    fn try_decode_higher_order_function(&self, name: &str, buf: &[u8]) -> Result<Arc<HigherOrderUDF>> {
        self.inner.try_decode_higher_order_function(name, buf)
    }

    fn try_encode_higher_order_function(&self, node: &HigherOrderUDF, buf: &mut Vec<u8>) -> Result<()> {
        self.inner.try_encode_higher_order_function(node, buf)
    }

    fn try_decode_udaf(&self, name: &str, buf: &[u8]) -> Result<Arc<AggregateUDF>> {
        self.inner.try_decode_udaf(name, buf)
    }

    fn try_encode_udaf(&self, node: &AggregateUDF, buf: &mut Vec<u8>) -> Result<()> {
        self.inner.try_encode_udaf(node, buf)
    }

    fn try_decode_udwf(&self, name: &str, buf: &[u8]) -> Result<Arc<WindowUDF>> {
        self.inner.try_decode_udwf(name, buf)
    }

    fn try_encode_udwf(&self, node: &WindowUDF, buf: &mut Vec<u8>) -> Result<()> {
        self.inner.try_encode_udwf(node, buf)
    }
}

/// Physical plans with kernels in them.
#[derive(Debug)]
pub struct KernelPhysicalCodec {
    inner: Arc<dyn PhysicalExtensionCodec>,
    gate: Gate,
}

impl KernelPhysicalCodec {
    /// Kernels here, everything else through `inner`.
    pub fn new(inner: Arc<dyn PhysicalExtensionCodec>) -> KernelPhysicalCodec {
        KernelPhysicalCodec { inner, gate: Gate::default() }
    }

    /// The codec that also asks `refusal` about every kernel that it writes or reads.
    pub fn with_refusal(
        self,
        refusal: impl Fn(&VerifiedKernel) -> Result<(), KernelError> + Send + Sync + 'static,
    ) -> KernelPhysicalCodec {
        KernelPhysicalCodec { gate: Gate(Some(Arc::new(refusal))), ..self }
    }
}

impl Default for KernelPhysicalCodec {
    fn default() -> KernelPhysicalCodec {
        KernelPhysicalCodec::new(Arc::new(DefaultPhysicalExtensionCodec {}))
    }
}

impl PhysicalExtensionCodec for KernelPhysicalCodec {
    fn try_encode_udf(&self, node: &ScalarUDF, buf: &mut Vec<u8>) -> Result<()> {
        if self.gate.encode(node, buf)? { Ok(()) } else { self.inner.try_encode_udf(node, buf) }
    }

    fn try_decode_udf(&self, name: &str, buf: &[u8]) -> Result<Arc<ScalarUDF>> {
        self.gate.decode(name, buf).unwrap_or_else(|| self.inner.try_decode_udf(name, buf))
    }

    fn try_decode(
        &self,
        buf: &[u8],
        inputs: &[Arc<dyn ExecutionPlan>],
        ctx: &TaskContext,
        converter: &dyn PhysicalProtoConverterExtension,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let (functions, node) = beside::take(buf)?;
        if functions.is_empty() {
            return self.inner.try_decode(node, inputs, ctx, converter);
        }
        let decode = |(name, payload)| Ok((name, self.try_decode_udf(name, payload)?));
        let functions = functions.into_iter().map(decode).collect::<Result<Vec<_>>>()?;
        self.inner.try_decode(node, inputs, &beside::knowing(ctx, functions), converter)
    }

    fn try_encode(
        &self,
        node: Arc<dyn ExecutionPlan>,
        buf: &mut Vec<u8>,
        converter: &dyn PhysicalProtoConverterExtension,
    ) -> Result<()> {
        let mut functions = BTreeMap::new();
        for function in beside::functions(&node)? {
            let mut payload = Vec::new();
            if self.gate.encode(&function, &mut payload)? {
                let name = function.name();
                if functions.insert(name.to_string(), payload.clone()).is_some_and(|other| other != payload) {
                    return internal_err!("two kernels are named {name} in one exchange of rows");
                }
            }
        }
        if !functions.is_empty() {
            beside::put(&functions, buf);
        }
        self.inner.try_encode(node, buf, converter)
    }

    fn try_decode_higher_order_function(&self, name: &str, buf: &[u8]) -> Result<Arc<HigherOrderUDF>> {
        self.inner.try_decode_higher_order_function(name, buf)
    }

    fn try_encode_higher_order_function(&self, node: &HigherOrderUDF, buf: &mut Vec<u8>) -> Result<()> {
        self.inner.try_encode_higher_order_function(node, buf)
    }

    fn try_decode_expr(
        &self,
        buf: &[u8],
        inputs: &[Arc<dyn PhysicalExpr>],
        ctx: &PhysicalExprDecodeCtx<'_>,
    ) -> Result<Arc<dyn PhysicalExpr>> {
        self.inner.try_decode_expr(buf, inputs, ctx)
    }

    fn try_encode_expr(
        &self,
        node: &Arc<dyn PhysicalExpr>,
        buf: &mut Vec<u8>,
        ctx: &PhysicalExprEncodeCtx<'_>,
    ) -> Result<()> {
        self.inner.try_encode_expr(node, buf, ctx)
    }

    fn try_decode_udaf(&self, name: &str, buf: &[u8]) -> Result<Arc<AggregateUDF>> {
        self.inner.try_decode_udaf(name, buf)
    }

    fn try_encode_udaf(&self, node: &AggregateUDF, buf: &mut Vec<u8>) -> Result<()> {
        self.inner.try_encode_udaf(node, buf)
    }

    fn try_decode_udwf(&self, name: &str, buf: &[u8]) -> Result<Arc<WindowUDF>> {
        self.inner.try_decode_udwf(name, buf)
    }

    fn try_encode_udwf(&self, node: &WindowUDF, buf: &mut Vec<u8>) -> Result<()> {
        self.inner.try_encode_udwf(node, buf)
    }
}
