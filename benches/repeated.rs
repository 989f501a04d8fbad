//! Kernels with loops, lists and tables, and the same semantics written as plain Rust loops.
//!
//! As in the crate's root a peer keeps every promise of the kernel.

use filbert_ir::math;

/// The source of the kernels below.
pub const SOURCE: &str = r#"
/// Steps of z -> z^2 + c within 2, at most 256.
fn mandelbrot(re: f64, im: f64) -> i64 {
    let (mut x, mut y, mut count) = (0.0, 0.0, 0);
    while count < 256 && x * x + y * y <= 4.0 {
        let next = x * x - y * y + re;
        y = 2.0 * x * y + im;
        x = next;
        count += 1;
    }
    count
}

fn mandelbrot_f32(re: f32, im: f32) -> i32 {
    let (mut x, mut y, mut count) = (0.0, 0.0, 0);
    while count < 256 && x * x + y * y <= 4.0 {
        let next = x * x - y * y + re;
        y = 2.0 * x * y + im;
        x = next;
        count += 1;
    }
    count
}

/// 200 steps of the logistic map.
fn logistic(x: f64) -> f64 {
    let mut v = x;
    for _ in 0..200 {
        v = 3.7 * v * (1.0 - v);
    }
    v
}

const CENTROID_X: [f64; 8] = [0.1, 0.9, 0.4, 0.6, 0.2, 0.8, 0.5, 0.3];
const CENTROID_Y: [f64; 8] = [0.2, 0.7, 0.5, 0.1, 0.9, 0.3, 0.8, 0.6];

/// The nearest of eight points.
fn nearest(x: f64, y: f64) -> i64 {
    let (mut best, mut least) = (0, f64::INFINITY);
    for k in 0..8 {
        let (dx, dy) = (x - CENTROID_X[k], y - CENTROID_Y[k]);
        let d = dx * dx + dy * dy;
        if d < least {
            least = d;
            best = k;
        }
    }
    best as i64
}

/// An entry of a table.
const SQUARES: [f64; 64] = [
    0.0, 1.0, 4.0, 9.0, 16.0, 25.0, 36.0, 49.0, 64.0, 81.0, 100.0, 121.0, 144.0, 169.0, 196.0, 225.0, 256.0, 289.0,
    324.0, 361.0, 400.0, 441.0, 484.0, 529.0, 576.0, 625.0, 676.0, 729.0, 784.0, 841.0, 900.0, 961.0, 1024.0, 1089.0,
    1156.0, 1225.0, 1296.0, 1369.0, 1444.0, 1521.0, 1600.0, 1681.0, 1764.0, 1849.0, 1936.0, 2025.0, 2116.0, 2209.0,
    2304.0, 2401.0, 2500.0, 2601.0, 2704.0, 2809.0, 2916.0, 3025.0, 3136.0, 3249.0, 3364.0, 3481.0, 3600.0, 3721.0,
    3844.0, 3969.0,
];

fn looked_up(index: u64, by: f64) -> f64 { SQUARES[index as usize] * by }

/// Energy of a point among eight others.
fn lennard_jones(x: f64, y: f64, z: f64, atoms: &[[f64; 3]; 8]) -> f64 {
    let mut energy = 0.0;
    for i in 0..8 {
        let dx = atoms[i][0] - x;
        let dy = atoms[i][1] - y;
        let dz = atoms[i][2] - z;
        let squared = dx * dx + dy * dy + dz * dz;
        if squared > 0.0 && squared < 6.25 {
            let six = 1.0 / (squared * squared * squared);
            energy += 4.0 * six * (six - 1.0);
        }
    }
    energy
}

/// Weights of sixteen numbers that sum to 1.
fn softmax(x: &[f64; 16]) -> [f64; 16] {
    let mut top = f64::NEG_INFINITY;
    for i in 0..16 {
        top = top.max(x[i]);
    }
    let mut weights = [0.0; 16];
    let mut sum = 0.0;
    for i in 0..16 {
        let weight = (x[i] - top).exp();
        weights[i] = weight;
        sum += weight;
    }
    for i in 0..16 {
        weights[i] /= sum;
    }
    weights
}
"#;

const CENTROID_X: [f64; 8] = [0.1, 0.9, 0.4, 0.6, 0.2, 0.8, 0.5, 0.3];
const CENTROID_Y: [f64; 8] = [0.2, 0.7, 0.5, 0.1, 0.9, 0.3, 0.8, 0.6];

/// Peer of `mandelbrot`.
#[inline(never)]
pub fn mandelbrot(re: &[f64], im: &[f64]) -> Vec<i64> {
    let row = |re: f64, im: f64| {
        let (mut x, mut y, mut count) = (0.0, 0.0, 0);
        while count < 256 && x * x + y * y <= 4.0 {
            (x, y) = (x * x - y * y + re, 2.0 * x * y + im);
            count += 1;
        }
        count
    };
    re.iter().zip(im).map(|(&re, &im)| row(re, im)).collect()
}

/// Peer of `mandelbrot_f32`.
#[inline(never)]
pub fn mandelbrot_f32(re: &[f32], im: &[f32]) -> Vec<i32> {
    let row = |re: f32, im: f32| {
        let (mut x, mut y, mut count) = (0.0f32, 0.0f32, 0);
        while count < 256 && x * x + y * y <= 4.0 {
            (x, y) = (x * x - y * y + re, 2.0 * x * y + im);
            count += 1;
        }
        count
    };
    re.iter().zip(im).map(|(&re, &im)| row(re, im)).collect()
}

/// Peer of `logistic`.
#[inline(never)]
pub fn logistic(x: &[f64]) -> Vec<f64> {
    x.iter().map(|&x| super::canonical((0..200).fold(x, |v, _| 3.7 * v * (1.0 - v)))).collect()
}

/// Peer of `nearest`.
#[inline(never)]
pub fn nearest(x: &[f64], y: &[f64]) -> Vec<i64> {
    let row = |x: f64, y: f64| {
        let (mut best, mut least) = (0, f64::INFINITY);
        for k in 0..8 {
            let (dx, dy) = (x - CENTROID_X[k], y - CENTROID_Y[k]);
            let d = dx * dx + dy * dy;
            if d < least {
                (least, best) = (d, k);
            }
        }
        best as i64
    };
    x.iter().zip(y).map(|(&x, &y)| row(x, y)).collect()
}

/// Peer of `looked_up`: the column, or the lowest failing row.
#[inline(never)]
pub fn looked_up(index: &[u64], by: &[f64]) -> Result<Vec<f64>, usize> {
    let squares: [f64; 64] = std::array::from_fn(|i| (i * i) as f64);
    let squares = std::hint::black_box(&squares);
    let mut out = Vec::with_capacity(index.len());
    for (row, (&index, &by)) in index.iter().zip(by).enumerate() {
        out.push(super::canonical(squares.get(index as usize).ok_or(row)? * by));
    }
    Ok(out)
}

/// Peer of `lennard_jones`; a row's atoms follow one another.
#[inline(never)]
pub fn lennard_jones(x: &[f64], y: &[f64], z: &[f64], atoms: &[f64]) -> Vec<f64> {
    let row = |(x, y, z): (f64, f64, f64), atoms: &[f64; 24]| {
        let mut energy = 0.0;
        for atom in atoms.chunks_exact(3) {
            let (dx, dy, dz) = (atom[0] - x, atom[1] - y, atom[2] - z);
            let squared = dx * dx + dy * dy + dz * dz;
            if squared > 0.0 && squared < 6.25 {
                let six = 1.0 / (squared * squared * squared);
                energy += 4.0 * six * (six - 1.0);
            }
        }
        super::canonical(energy)
    };
    let (atoms, _) = atoms.as_chunks::<24>();
    (0..x.len()).map(|i| row((x[i], y[i], z[i]), &atoms[i])).collect()
}

/// Peer of `softmax`; a row's elements follow one another.
#[inline(never)]
pub fn softmax(x: &[f64]) -> Vec<f64> {
    let mut out = Vec::with_capacity(x.len());
    for x in x.as_chunks::<16>().0 {
        let top = x.iter().fold(f64::NEG_INFINITY, |top, &v| top.max(v));
        let weights = x.map(|v| math::exp_f64(v - top));
        let sum = weights.iter().fold(0.0, |sum, &w| sum + w);
        out.extend(weights.map(|w| super::canonical(w / sum)));
    }
    out
}
