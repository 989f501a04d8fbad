//! Lists in, lists out: softmax over the rows of an `ndarray` matrix, over lists of different lengths, and over
//! a list column in SQL, by one kernel with the same bits.
//!
//! ```sh
//! cargo run --release --example softmax
//! ```

use filbert::{KernelCall, Session, kernel};
use ndarray::{Array2, Axis};

/// Weights of a list that sum to one; the greatest is taken off first, so that no `exp` overflows.
#[kernel(out = "len(x)")]
fn softmax(x: &[f64], out: &mut [f64]) {
    let mut greatest = f64::NEG_INFINITY;
    for i in 0..x.len() {
        greatest = greatest.max(x[i]);
    }
    let mut sum = 0.0;
    for i in 0..x.len() {
        out[i] = (x[i] - greatest).exp();
        sum += out[i];
    }
    for i in 0..x.len() {
        out[i] /= sum;
    }
}

/// Cosine of the angle between two lists of the same length.
#[kernel(layout = "(n),(n)->()")]
fn cosine(a: &[f64], b: &[f64]) -> f64 {
    let (mut ab, mut aa, mut bb) = (0.0, 0.0, 0.0);
    for i in 0..a.len() {
        ab += a[i] * b[i];
        aa += a[i] * a[i];
        bb += b[i] * b[i];
    }
    ab / (aa.sqrt() * bb.sqrt())
}

const SQL: &str = "
    SELECT id, softmax(scores) AS weights, cosine(softmax(scores), [1, 0, 0]) AS first
    FROM (VALUES (1, [0.5, 2.0, -1.0]), (2, [3.0, 3.0, 3.0]), (3, NULL)) AS t(id, scores)
    ORDER BY id";

#[tokio::main]
pub(crate) async fn main() -> Result<(), Box<dyn std::error::Error>> {
    // A list parameter takes the last axis of an array; the axes before it have the rows.
    let scores = Array2::from_shape_fn((1000, 3), |(row, class)| ((row * 7 + class * 13) % 11) as f64 - 5.0);
    let weights: Array2<f64> = softmax.map((&scores,))?;
    assert!(weights.sum_axis(Axis(1)).iter().all(|sum| (sum - 1.0).abs() < 1e-15));

    // Lists of any length.
    let ragged: Vec<Vec<f64>> = softmax.map((&[vec![1.0, 1.0], vec![], vec![7.0]],))?;
    assert_eq!(ragged, [vec![0.5, 0.5], vec![], vec![1.0]]);

    // The kernel is also a plain Rust function.
    let mut out = [0.0; 3];
    softmax(&[0.5, 2.0, -1.0], &mut out);

    let session = Session::local();
    session.register(&softmax)?;
    session.register(&cosine)?;
    session.sql(SQL).await?.dataframe().show().await?;
    Ok(())
}
