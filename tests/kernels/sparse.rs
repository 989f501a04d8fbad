// Rows of sparse matrices. Expected values: Python, whose floats take the same roundings in the same order,
// tests/oracle/field.py.

/// One row of a compressed matrix times a vector.
#[kernel(layout = "(n),(n),(m)->()")]
fn spmv_row(values: &[f64], columns: &[u32], x: &[f64]) -> f64 {
    let mut sum = 0.0;
    for k in 0..values.len() {
        sum += values[k] * x[columns[k] as usize];
    }
    sum
}
//~ spmv_row([0.5, -2.0, 0.1], [0, 3, 4], [1.0, 2.0, 3.0, 0.7, 0.3]) = -0.8699999999999999
//~ spmv_row([], [], [1.0]) = 0.0
//~ spmv_row([1.0], [1], [1.0]) = FB-0505
//~ spmv_row([1.0, 2.0], [0], [1.0]) = FB-0507
//~ spmv_row([1.0], null, [1.0]) = null

/// A whole matrix, whose row k has the entries starts[k]..starts[k + 1].
#[kernel(out = "len(starts) - 1")]
fn spmv(starts: &[u32], columns: &[u32], values: &[f64], x: &[f64], out: &mut [f64]) {
    for row in 0..out.len() {
        let mut sum = 0.0;
        for k in starts[row] as usize..starts[row + 1] as usize {
            sum += values[k] * x[columns[k] as usize];
        }
        out[row] = sum;
    }
}
//~ spmv([0, 2, 2, 5], [0, 2, 1, 2, 0], [1.5, 0.1, -3.0, 0.7, 2.0], [1.0, 10.0, 0.3]) = [1.53, 0.0, -27.79]
//~ spmv([0], [], [], []) = []
//~ spmv([], [], [], []) = []
//~ spmv([0, 9], [0], [1.0], [1.0]) = FB-0505

/// The dot product of two sparse vectors whose indexes rise.
#[kernel]
fn sparse_dot(ai: &[u32], av: &[f32], bi: &[u32], bv: &[f32]) -> f32 {
    let (mut i, mut j, mut sum) = (0, 0, 0.0f32);
    while i < ai.len() && j < bi.len() {
        if ai[i] == bi[j] {
            sum += av[i] * bv[j];
            i += 1;
            j += 1;
        } else if ai[i] < bi[j] {
            i += 1;
        } else {
            j += 1;
        }
    }
    sum
}
//~ sparse_dot([1, 4, 9], [0.5, 1.5, 2.0], [0, 4, 9, 11], [1.0, 0.1, 0.3, 7.0]) = 0.75
//~ sparse_dot([1, 2], [1.0, 1.0], [3], [1.0]) = 0.0
//~ sparse_dot([], [], [], []) = 0.0
