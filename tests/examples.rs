//! Each example runs, and gives what it says.

#[path = "../examples/black_scholes.rs"]
mod black_scholes;
#[path = "../examples/cluster.rs"]
mod cluster;
#[path = "../examples/flights.rs"]
pub(crate) mod flights;
#[path = "../examples/ndvi.rs"]
mod ndvi;
#[path = "../examples/softmax.rs"]
mod softmax;

#[test]
fn black_scholes_runs() {
    black_scholes::main().unwrap();
}

#[test]
fn cluster_runs() {
    cluster::main().unwrap();
}

#[test]
fn ndvi_runs() {
    ndvi::main().unwrap();
}

#[test]
fn flights_runs() {
    flights::main().unwrap();
}

#[test]
fn softmax_runs() {
    softmax::main().unwrap();
}
