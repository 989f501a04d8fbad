//! Plans with kernels, written and read back where nobody registered the kernel.

use std::sync::Arc;

use datafusion::logical_expr::{LogicalPlan, ScalarUDF};
use datafusion::physical_plan::{ExecutionPlan, collect};
use datafusion::prelude::SessionContext;
use datafusion_proto::bytes::{
    logical_plan_from_bytes_with_extension_codec, logical_plan_to_bytes_with_extension_codec,
    physical_plan_from_bytes_with_extension_codec, physical_plan_to_bytes_with_extension_codec,
};
use datafusion_proto::logical_plan::LogicalExtensionCodec;
use datafusion_proto::physical_plan::PhysicalExtensionCodec;
use filbert_dist::error::find_kernel_error;
use filbert_dist::{KernelLogicalCodec, KernelPhysicalCodec, KernelUdf, Session};
use filbert_ir::Code;

use crate::{kernel, run, session};

const KERNEL: &str = "/// Doc.\nfn triple_sub(a: f64, b: f64) -> f64 { a * 3.0 - b }";
const QUERY: &str =
    "SELECT k, round(sum(triple_sub(x, 1)), 3) s FROM t WHERE triple_sub(x, k) > 0 GROUP BY k ORDER BY k";

/// A session that knows the kernel, and a table in files: both ends of a cluster can read those.
async fn sender(folder: &tempfile::TempDir) -> Session {
    let session = session(KERNEL);
    run(&session, "CREATE TABLE v AS SELECT value % 3 k, value::DOUBLE / 4 x FROM generate_series(1, 100)").await;
    let path = folder.path().join("t.parquet");
    session.sql("SELECT k::INT k, x FROM v").await.unwrap().write_parquet(path.to_str().unwrap()).await.unwrap();
    session.table("t", path.to_str().unwrap()).await.unwrap();
    session
}

async fn expected(session: &Session) -> String {
    crate::query(session, QUERY).await.unwrap()
}

fn show(batches: &[datafusion::arrow::array::RecordBatch]) -> String {
    datafusion::arrow::util::pretty::pretty_format_batches(batches).unwrap().to_string()
}

#[tokio::test]
async fn a_logical_plan_runs_where_the_kernel_was_never_registered() {
    let folder = tempfile::tempdir().unwrap();
    let session = sender(&folder).await;
    let codec = KernelLogicalCodec::default();
    let unoptimized = session.context().sql(QUERY).await.unwrap().into_unoptimized_plan();
    let optimized = session.context().sql(QUERY).await.unwrap().into_optimized_plan().unwrap();
    for plan in [unoptimized, optimized] {
        let bytes = logical_plan_to_bytes_with_extension_codec(&plan, &codec).unwrap();
        let stranger = SessionContext::new();
        let decoded: LogicalPlan =
            logical_plan_from_bytes_with_extension_codec(&bytes, &stranger.task_ctx(), &codec).unwrap();
        let batches = stranger.execute_logical_plan(decoded).await.unwrap().collect().await.unwrap();
        assert_eq!(show(&batches), expected(&session).await);
    }
}

#[tokio::test]
async fn a_physical_plan_runs_where_the_kernel_was_never_registered() {
    let folder = tempfile::tempdir().unwrap();
    let session = sender(&folder).await;
    let codec = KernelPhysicalCodec::default();
    let plan = session.context().sql(QUERY).await.unwrap().create_physical_plan().await.unwrap();
    let bytes = physical_plan_to_bytes_with_extension_codec(plan, &codec).unwrap();
    let stranger = SessionContext::new();
    let decoded: Arc<dyn ExecutionPlan> =
        physical_plan_from_bytes_with_extension_codec(&bytes, &stranger.task_ctx(), &codec).unwrap();
    let batches = collect(decoded, stranger.task_ctx()).await.unwrap();
    assert_eq!(show(&batches), expected(&session).await);
}

#[test]
fn decoding_keeps_identity_names_and_documentation_and_does_not_compile() {
    let udf = ScalarUDF::new_from_impl(KernelUdf::new(kernel(KERNEL)));
    let logical = KernelLogicalCodec::default();
    let mut bytes = Vec::new();
    logical.try_encode_udf(&udf, &mut bytes).unwrap();
    let decoded = logical.try_decode_udf("triple_sub", &bytes).unwrap();
    assert_eq!(*decoded, udf);
    assert_eq!(decoded.documentation().unwrap(), udf.documentation().unwrap());
    assert!(!decoded.inner().downcast_ref::<KernelUdf>().unwrap().is_loaded());

    let physical = KernelPhysicalCodec::default();
    let mut same = Vec::new();
    physical.try_encode_udf(&udf, &mut same).unwrap();
    assert_eq!(same, bytes);
    assert_eq!(*physical.try_decode_udf("triple_sub", &bytes).unwrap(), udf);
}

#[test]
fn fault_35_bytes_that_are_not_a_kernel_are_refused_in_words() {
    let codec = KernelLogicalCodec::default();
    let mut bytes = Vec::new();
    codec.try_encode_udf(&ScalarUDF::new_from_impl(KernelUdf::new(kernel(KERNEL))), &mut bytes).unwrap();
    let code = |bytes: &[u8]| {
        let error = codec.try_decode_udf("f", bytes).unwrap_err();
        find_kernel_error(&error).map(|e| e.code)
    };
    for end in 4..bytes.len() {
        assert!(matches!(code(&bytes[..end]), Some(Code::Decode | Code::VersionSkew)), "cut at {end}");
    }
    let mut longer = bytes.clone();
    longer.push(0);
    assert_eq!(code(&longer), Some(Code::Decode));
    // Not ours: the inner codec's answer.
    assert_eq!(code(b"somebody else's"), None);
}

#[test]
fn partitions_to_deal_rows_out_to_are_bounded() {
    let codec = KernelPhysicalCodec::default();
    // Magic, version, kind, partitions.
    let payload = |partitions: u32| [&b"FBUD\x02\0\x02"[..], &partitions.to_le_bytes()].concat();
    for partitions in [1, 65_535] {
        assert_eq!(codec.try_decode_udf("f", &payload(partitions)).unwrap().name(), "filbert_deal");
    }
    for broken in [payload(0), payload(65_536), payload(u32::MAX), [payload(2), vec![0]].concat()] {
        let error = codec.try_decode_udf("f", &broken).unwrap_err();
        assert_eq!(find_kernel_error(&error).map(|e| e.code), Some(Code::Decode));
    }
}

#[test]
fn functions_that_are_not_kernels_go_by_name() {
    let codec = KernelLogicalCodec::default();
    let mut bytes = Vec::new();
    let abs = datafusion::functions::math::abs();
    codec.try_encode_udf(&abs, &mut bytes).unwrap();
    assert!(bytes.is_empty());
}

#[test]
fn fault_24_a_plan_of_another_version_is_skew() {
    let codec = KernelPhysicalCodec::default();
    let mut bytes = Vec::new();
    codec.try_encode_udf(&ScalarUDF::new_from_impl(KernelUdf::new(kernel(KERNEL))), &mut bytes).unwrap();
    bytes[4] += 1;
    let error = codec.try_decode_udf("f", &bytes).unwrap_err();
    assert_eq!(find_kernel_error(&error).map(|e| e.code), Some(Code::VersionSkew));
    assert!(error.to_string().contains("this build reads 2"), "{error}");
}
