//! Kernels on the wire: how small they are, and what becomes of broken ones.

use std::sync::Arc;

use ballista_core::extension::SessionConfigExt;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::catalog::TableProvider;
use datafusion::common::{Result, TableReference};
use datafusion::execution::TaskContext;
use datafusion::logical_expr::{Extension, LogicalPlan, ScalarUDF};
use datafusion_proto::logical_plan::LogicalExtensionCodec;
use filbert_cluster::{SessionExt, Standalone, codec, settings};
use filbert_dist::Session;

use crate::{SQUARE, failure, numbers, on_big_stacks, run};

/// Breaks the bytes of every kernel before they are sent.
#[derive(Debug)]
struct Breaking {
    inner: Arc<dyn LogicalExtensionCodec>,
    how: How,
}

#[derive(Clone, Copy, Debug)]
enum How {
    Flip { bit: usize },
    Version,
    TooLong,
}

impl LogicalExtensionCodec for Breaking {
    fn try_encode_udf(&self, node: &ScalarUDF, buf: &mut Vec<u8>) -> Result<()> {
        self.inner.try_encode_udf(node, buf)?;
        if !buf.is_empty() {
            match self.how {
                How::Flip { bit } => buf[bit / 8] ^= 1 << (bit % 8),
                How::Version => buf[4] += 1,
                How::TooLong => buf.extend([0; 300 * 1024]),
            }
        }
        Ok(())
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
}

/// The bytes of a session's function.
fn payload(session: &Session, name: &str) -> Vec<u8> {
    let function = session.context().state().scalar_functions().get(name).unwrap().clone();
    let mut bytes = Vec::new();
    codec::logical().try_encode_udf(&function, &mut bytes).unwrap();
    bytes
}

#[test]
fn fault_57_other_versions_and_broken_payloads_are_refused_and_the_cluster_goes_on() {
    on_big_stacks(async {
        let folder = tempfile::tempdir().unwrap();
        let place = numbers(folder.path()).await;
        let cluster = Standalone::start(1, 2).await.unwrap();
        let healthy = Session::connect(&cluster.url()).await.unwrap();
        healthy.table("t", place.to_str().unwrap()).await.unwrap();
        run(&healthy, SQUARE).await;
        let sql = "SELECT sum(change(x)) AS s FROM t";
        let expected = run(&healthy, sql).await;

        let bits = payload(&healthy, "change").len() * 8;
        // A bit of the magic makes it nobody's payload; all others are ours to refuse. 17 is no divisor of 8.
        let mut ways: Vec<(How, &[&str])> = vec![(How::Version, &["FB-0402"]), (How::TooLong, &["FB-0401", "FB-0201"])];
        ways.extend(
            (32..bits).step_by(97).map(|bit| (How::Flip { bit }, ["FB-0401", "FB-0402", "FB-0301"].as_slice())),
        );
        for (how, codes) in ways {
            let broken = Arc::new(Breaking { inner: codec::logical(), how });
            let config = settings::session_config().with_ballista_logical_extension_codec(broken);
            let session = Session::connect_with(&cluster.url(), config).await.unwrap();
            session.table("t", place.to_str().unwrap()).await.unwrap();
            run(&session, SQUARE).await;
            let screen = failure(&session, sql).await;
            assert!(codes.iter().any(|code| screen.starts_with(code)), "{how:?}: {screen}");
            assert!(screen.lines().count() < 24, "{screen}");
            assert_eq!(run(&healthy, sql).await, expected, "after {how:?}");
        }
    });
}

#[tokio::test]
async fn the_kernel_of_black_and_scholes_is_small() {
    let session = Session::local();
    let text = "
        fn normal(x: f64) -> f64 { 0.5 * (-x * std::f64::consts::FRAC_1_SQRT_2).erfc() }
        fn black_scholes(spot: f64, strike: f64, years: f64, rate: f64, volatility: f64) -> (f64, f64) {
            let spread = volatility * years.sqrt();
            let d1 = ((spot / strike).ln() + (rate + 0.5 * volatility * volatility) * years) / spread;
            let d2 = d1 - spread;
            let discounted = strike * (-rate * years).exp();
            let call = spot * normal(d1) - discounted * normal(d2);
            (call, call - spot + discounted)
        }";
    let sql =
        format!("CREATE FUNCTION black_scholes(DOUBLE, DOUBLE, DOUBLE, DOUBLE, DOUBLE) LANGUAGE kernel AS '{text}'");
    run(&session, &sql).await;
    let bytes = payload(&session, "black_scholes").len();
    assert!(bytes <= 600, "{bytes} bytes");
}
