//! Generic kernels as functions: which kernel a call means, in a plan and in bytes.

use std::sync::Arc;

use datafusion::logical_expr::{LogicalPlan, ScalarUDF};
use datafusion::physical_plan::{ExecutionPlan, collect};
use datafusion::prelude::SessionContext;
use datafusion_proto::bytes::{
    logical_plan_from_bytes_with_extension_codec, logical_plan_to_bytes_with_extension_codec,
    physical_plan_from_bytes_with_extension_codec, physical_plan_to_bytes_with_extension_codec,
};
use datafusion_proto::logical_plan::LogicalExtensionCodec;
use filbert_dist::error::find_kernel_error;
use filbert_dist::{KernelLogicalCodec, KernelPhysicalCodec, Session, TemplateUdf};
use filbert_ir::Code;
use filbert_syntax::Template;

use crate::{cells, failure, run};

const TEXT: &str = "
    const HALF: f64 = 0.5;
    fn twice(x: f64) -> f64 { x + x }
    /// Between a and b.
    fn lerp<T: Float>(a: T, b: T, t: T) -> T { a + (b - a) * t }
    fn total<T: Num>(x: &[T]) -> T {
        let mut sum: T = 0 as T;
        for i in 0..x.len() { sum += x[i]; }
        sum
    }
    fn or_zero<T: Num>(x: Option<T>) -> T { x.unwrap_or(0 as T) }
    fn step<T: Num, U: Int>(x: T, n: U) -> T { if n > (0 as U) { x + x } else { x } }
    fn by_half<T: Float>(x: T) -> f64 { twice(x as f64) * HALF }
";

fn templates() -> Vec<Template> {
    filbert_syntax::parse(TEXT, "test").unwrap_or_else(|d| panic!("{d}")).templates
}

fn template(name: &str) -> Template {
    templates().into_iter().find(|template| template.name == name).unwrap()
}

async fn with_table() -> Session {
    let session = Session::local();
    templates().iter().for_each(|template| session.register(template).unwrap());
    run(
        &session,
        "CREATE TABLE t AS SELECT arrow_cast(column1, 'Float32') f32, column1::DOUBLE f64, column1::BIGINT i64,
         arrow_cast(column1, 'Int32') i32, arrow_cast(column1, 'UInt8') u8, arrow_cast([column1, 1.0], 'List(Float32)') list,
         arrow_cast(arrow_cast(column1, 'Float32'), 'Dictionary(Int32, Float32)') dict, arrow_cast(column1, 'Utf8') s
         FROM VALUES (4.0), (NULL)",
    )
    .await;
    session
}

#[tokio::test]
async fn the_columns_decide() {
    let session = with_table().await;
    let rows = [
        ("lerp(f32, f32, f32)", "Float32", "4.0; "),
        ("lerp(f64, f64, f64)", "Float64", "4.0; "),
        ("lerp(f32, 10, 0.5)", "Float32", "7.0; "),
        ("lerp(0, f32, 0.25)", "Float32", "1.0; "),
        ("lerp(dict, 10, 0.5)", "Float32", "7.0; "),
        ("lerp(0, 1, 0.5)", "Float64", "0.5; 0.5"),
        ("lerp(0, 1, NULL)", "Float64", "; "),
        ("lerp(f32, NULL, 1)", "Float32", "; "),
        ("total(list)", "Float32", "5.0; "),
        ("total([1, 2])", "Int64", "3; 3"),
        ("total([1, 2.5])", "Float64", "3.5; 3.5"),
        ("or_zero(i32)", "Int32", "4; 0"),
        ("or_zero(u8)", "UInt8", "4; 0"),
        ("or_zero(1 + 1)", "Int64", "2; 2"),
        ("or_zero(CAST(1 AS SMALLINT))", "Int16", "1; 1"),
        ("or_zero(CAST(NULL AS SMALLINT))", "Int16", "0; 0"),
        ("or_zero(NULL)", "Int64", "0; 0"),
        ("step(f32, i32)", "Float32", "8.0; "),
        ("step(i64, 1)", "Int64", "8; "),
        ("step(1.5, u8)", "Float64", "3.0; "),
        ("step(2, 1)", "Int64", "4; 4"),
        ("by_half(f32)", "Float64", "4.0; "),
        ("lerp(total(list), 0, 0)", "Float32", "5.0; "),
    ];
    for (call, ty, expected) in rows {
        assert_eq!(cells(&session, &format!("SELECT {call} FROM t")).await, expected, "{call}");
        let types = cells(&session, &format!("SELECT arrow_typeof({call}) FROM t")).await;
        assert_eq!(types, format!("{ty}; {ty}"), "{call}");
    }
    assert_eq!(cells(&session, "SELECT sum(lerp(f32, 0, 0.5)) FROM t WHERE lerp(f64, 0, 0) > 1").await, "2.0");
}

#[tokio::test]
async fn an_error_names_the_types_that_were_tried() {
    let session = with_table().await;
    let rows = [
        ("lerp(i32, 1, 0.5)", "T was tried as i32 (from `a`), which is not `Float`"),
        ("lerp(f32, f64, 0.5)", "T was tried as f32 (from `a`) and as f64 (from `b`)"),
        ("step(f32, f32)", "U was tried as f32 (from `n`), which is not `Int`"),
        ("lerp(list, 1, 2)", "expected a number for `a`, got a list of f32"),
        ("lerp(1, 2)", "expected 3 columns, got 2"),
    ];
    for (call, expected) in rows {
        let screen = failure(&session, &format!("SELECT {call} FROM t")).await;
        assert!(screen.contains("FB-0601") && screen.contains(expected), "{call}: {screen}");
    }
    // What no kernel has is refused as by any kernel.
    let message = failure(&session, "SELECT lerp(s, 1, 2) FROM t").await;
    assert!(message.starts_with("FB-0702: ") && message.contains("is DOUBLE, the query passes VARCHAR"), "{message}");
    let message = failure(&session, "SELECT step(i32, 1.5) FROM t").await;
    assert!(message.starts_with("FB-0702: "), "{message}");
}

#[tokio::test]
async fn the_plan_has_the_kernel_in_the_template_s_place() {
    let session = with_table().await;
    let plan =
        session.sql("SELECT lerp(f32, 10, 0.5) FROM t").await.unwrap().dataframe().into_optimized_plan().unwrap();
    let text = plan.display_indent().to_string();
    assert!(text.contains("lerp(t.f32, Float32(10), Float32(0.5))"), "{text}");
    let shown = cells(&session, "SHOW FUNCTIONS LIKE 'lerp'").await;
    assert!(shown.contains("Float32") && shown.contains("Float64") && shown.contains("Between a and b."), "{shown}");
}

#[tokio::test]
async fn a_failing_row_of_a_specialised_kernel_has_its_caret() {
    let session = Session::local();
    let text = "fn div<T: Int>(a: T, b: T) -> T { a / b }";
    session.register(&filbert_syntax::parse(text, "div.rs").unwrap().templates[0]).unwrap();
    let screen = failure(&session, "SELECT div(column1, 0) FROM VALUES (1)").await;
    assert!(screen.contains("FB-0502") && screen.contains("a / b"), "{screen}");
}

#[tokio::test]
async fn create_function_with_and_without_types() {
    let session = Session::local();
    let text = "fn lerp<T: Float>(a: T, b: T, t: T) -> T { a + (b - a) * t }";
    let create = |head: &str| format!("CREATE OR REPLACE FUNCTION {head} LANGUAGE kernel AS '{text}'");
    run(&session, &create("mix(FLOAT, FLOAT, FLOAT) RETURNS FLOAT")).await;
    assert_eq!(cells(&session, "SELECT arrow_typeof(mix(1, 2, 0.5)), mix(1, 2, 0.5)").await, "Float32 | 1.5");
    run(&session, &create("lerp()")).await;
    assert_eq!(cells(&session, "SELECT lerp(1, 2, 0.5), arrow_typeof(lerp(1, 2, 0.5))").await, "1.5 | Float64");
    let single = "SELECT arrow_typeof(lerp(arrow_cast(1, 'Float32'), 2, 0.5))";
    assert_eq!(cells(&session, single).await, "Float32");
    let message = failure(&session, &create("lerp(INT, INT, INT)")).await;
    assert!(message.contains("T was tried as i32"), "{message}");
    let message = failure(&session, &create("lerp() RETURNS DOUBLE")).await;
    assert!(message.contains("the result of a generic kernel depends on its arguments"), "{message}");
    let message = failure(&session, &create("lerp(FLOAT, FLOAT, FLOAT) RETURNS DOUBLE")).await;
    assert!(message.contains("RETURNS says DOUBLE, the kernel gives FLOAT"), "{message}");
}

const QUERY: &str = "SELECT lerp(x, 1, 0.5) y, by_half(x) z FROM t WHERE lerp(x, 0, 0.5) > 1 ORDER BY lerp(x, 0, 0)";

async fn sender(folder: &tempfile::TempDir) -> Session {
    let session = with_table().await;
    let path = folder.path().join("t.parquet");
    let rows = "SELECT arrow_cast(value, 'Float32') x FROM generate_series(1, 20)";
    session.sql(rows).await.unwrap().write_parquet(path.to_str().unwrap()).await.unwrap();
    session.table("t", path.to_str().unwrap()).await.unwrap();
    session
}

fn show(batches: &[datafusion::arrow::array::RecordBatch]) -> String {
    datafusion::arrow::util::pretty::pretty_format_batches(batches).unwrap().to_string()
}

#[tokio::test]
async fn plans_with_templates_run_where_they_were_never_registered() {
    let folder = tempfile::tempdir().unwrap();
    let session = sender(&folder).await;
    let expected = crate::query(&session, QUERY).await.unwrap();
    let codec = KernelLogicalCodec::default();
    let unoptimized = session.context().sql(QUERY).await.unwrap().into_unoptimized_plan();
    let optimized = session.context().sql(QUERY).await.unwrap().into_optimized_plan().unwrap();
    for plan in [unoptimized, optimized] {
        let bytes = logical_plan_to_bytes_with_extension_codec(&plan, &codec).unwrap();
        let stranger = SessionContext::new();
        let decoded: LogicalPlan =
            logical_plan_from_bytes_with_extension_codec(&bytes, &stranger.task_ctx(), &codec).unwrap();
        let batches = stranger.execute_logical_plan(decoded).await.unwrap().collect().await.unwrap();
        assert_eq!(show(&batches), expected);
    }
    // A plan that no optimizer has seen keeps the template to the end.
    let unoptimized = session.context().sql(QUERY).await.unwrap().into_unoptimized_plan();
    let analyzed = session.context().state().analyzer().execute_and_check(
        unoptimized,
        session.context().state().config_options(),
        |_, _| {},
    );
    let state = session.context().state();
    let physical = state.query_planner().create_physical_plan(&analyzed.unwrap(), &state).await.unwrap();
    let codec = KernelPhysicalCodec::default();
    let bytes = physical_plan_to_bytes_with_extension_codec(physical, &codec).unwrap();
    let stranger = SessionContext::new();
    let decoded: Arc<dyn ExecutionPlan> =
        physical_plan_from_bytes_with_extension_codec(&bytes, &stranger.task_ctx(), &codec).unwrap();
    assert_eq!(show(&collect(decoded, stranger.task_ctx()).await.unwrap()), expected);
}

#[test]
fn bytes_of_a_template_are_refused_in_words_when_they_are_cut() {
    let codec = KernelLogicalCodec::default();
    let udf = ScalarUDF::new_from_impl(TemplateUdf::new(template("by_half")));
    let mut bytes = Vec::new();
    codec.try_encode_udf(&udf, &mut bytes).unwrap();
    assert_eq!(*codec.try_decode_udf("by_half", &bytes).unwrap(), udf);
    for end in (4..bytes.len()).step_by(7).chain([bytes.len() - 1]) {
        let error = codec.try_decode_udf("f", &bytes[..end]).unwrap_err();
        let code = find_kernel_error(&error).map(|error| error.code);
        assert!(matches!(code, Some(Code::Decode | Code::VersionSkew)), "cut at {end}: {error}");
    }
    bytes.push(0);
    assert!(codec.try_decode_udf("f", &bytes).unwrap_err().to_string().contains("1 bytes behind its end"));
}

#[test]
fn two_templates_are_equal_when_they_say_the_same() {
    assert_eq!(TemplateUdf::new(template("lerp")), TemplateUdf::new(template("lerp")));
    assert_ne!(TemplateUdf::new(template("lerp")), TemplateUdf::new(template("or_zero")));
    assert_ne!(TemplateUdf::new(template("lerp")), TemplateUdf::named(template("lerp"), "mix"));
}
