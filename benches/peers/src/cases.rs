//! What is compared: each kernel with its columns, how exact a peer must be, and what a row costs at least.

use crate::shared::protocol::Ty;

/// Where the values of a column come from.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) enum Values {
    /// Evenly distributed from the first to the second.
    Uniform(f64, f64),
    /// The column of a square grid, row by row: x runs fastest.
    GridX(f64, f64),
    /// The row of that grid.
    GridY(f64, f64),
    /// Any 64 bits.
    Bits,
}

/// What comes out.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Gives {
    /// A value for each row, of the columns' type.
    Column,
    /// A count for each row.
    Counts,
    /// One number.
    Total,
}

/// How far a result may be from the reference: by so great a part of the reference or of `scale` (for a total: of
/// `scale` for each element), whichever is more. Of counts, so great a part of the rows may differ.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) struct Tolerance {
    pub(crate) f64: f64,
    pub(crate) f32: f64,
    pub(crate) scale: f64,
}

/// Operations of a row that no compiler can leave out; nothing where math functions make that a question of
/// who wrote them.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) struct Work {
    /// Additions, multiplications, comparisons of floats; a product and a sum may be one.
    pub(crate) arithmetic: f64,
    pub(crate) divisions: f64,
    pub(crate) roots: f64,
    /// The counts above are those of one step, of which each row has as many as its result says.
    pub(crate) by_steps: bool,
}

/// A kernel over columns.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Case {
    /// In tables and on the command line.
    pub(crate) name: &'static str,
    /// In the files of kernels.
    pub(crate) function: &'static str,
    pub(crate) title: &'static str,
    pub(crate) columns: &'static [Values],
    /// Elements of a column beyond those of the result.
    pub(crate) around: usize,
    /// Per cent of the rows that are null, in each column.
    pub(crate) nulls: u32,
    pub(crate) gives: Gives,
    pub(crate) types: &'static [Ty],
    /// The most elements that are worth the time.
    pub(crate) largest: usize,
    pub(crate) tolerance: Tolerance,
    pub(crate) work: Option<Work>,
}

impl Case {
    /// Type of the result's elements.
    pub(crate) fn out(&self, ty: Ty) -> Ty {
        if self.gives == Gives::Counts { Ty::I32 } else { ty }
    }

    /// Elements of the result.
    pub(crate) fn out_len(&self, elements: usize) -> usize {
        if self.gives == Gives::Total { 1 } else { elements }
    }

    /// Bytes that a call over so many elements must read and write.
    pub(crate) fn bytes(&self, ty: Ty, elements: usize) -> f64 {
        let out = if self.gives == Gives::Total { 0 } else { self.out(ty).bytes() };
        let bits = if self.nulls > 0 { (self.columns.len() + 1) as f64 / 8.0 } else { 0.0 };
        elements as f64 * ((self.columns.len() * ty.bytes() + out) as f64 + bits)
    }
}

/// The case of this name.
#[cfg(test)]
pub(crate) fn find(name: &str) -> Option<&'static Case> {
    CASES.iter().find(|case| case.name == name)
}

pub(crate) const KI: usize = 1 << 10;
pub(crate) const MI: usize = 1 << 20;
/// Without bound: only the flag for the largest size decides.
const ANY: usize = usize::MAX;
const FLOATS: &[Ty] = &[Ty::F64, Ty::F32];
const EXACT: Tolerance = Tolerance { f64: 0.0, f32: 0.0, scale: 0.0 };

const fn within(f64: f64, f32: f64, scale: f64) -> Tolerance {
    Tolerance { f64, f32, scale }
}

const fn work(arithmetic: f64, divisions: f64, roots: f64) -> Option<Work> {
    Some(Work { arithmetic, divisions, roots, by_steps: false })
}

/// A case with the most usual of everything.
const BASE: Case = Case {
    name: "",
    function: "",
    title: "",
    columns: &[],
    around: 0,
    nulls: 0,
    gives: Gives::Column,
    types: FLOATS,
    largest: 16 * MI,
    tolerance: within(1e-14, 1e-6, 1.0),
    work: None,
};

use Values::{Bits, GridX, GridY, Uniform};

const UNIT: Values = Uniform(-1.0, 1.0);
const LATITUDE: Values = Uniform(-1.2, 1.2);
const LONGITUDE: Values = Uniform(-1.5, 1.5);
const OPTION: &[Values] = &[Uniform(20.0, 100.0), Uniform(20.0, 100.0), Uniform(0.2, 5.0)];
const NEAR: Values = Uniform(0.6, 1.6);

/// All that is compared, in the order of the tables. A result in f32 is held against f64's, of the same columns.
pub(crate) const CASES: &[Case] = &[
    Case {
        name: "saxpy",
        function: "saxpy",
        title: "2.5 x + y",
        columns: &[UNIT, UNIT],
        largest: ANY,
        work: work(1.0, 0.0, 0.0),
        ..BASE
    },
    Case {
        name: "poly7",
        function: "poly7",
        title: "polynomial of degree 7",
        columns: &[UNIT],
        largest: ANY,
        work: work(7.0, 0.0, 0.0),
        ..BASE
    },
    Case {
        name: "sum",
        function: "sum",
        title: "sum",
        columns: &[UNIT],
        gives: Gives::Total,
        largest: ANY,
        // Of the sum of the magnitudes: a plain loop in f32 rounds at every step.
        tolerance: within(1e-14, 1e-6, 0.5),
        work: work(1.0, 0.0, 0.0),
        ..BASE
    },
    Case {
        name: "dot",
        function: "dot",
        title: "sum of products",
        columns: &[UNIT, UNIT],
        gives: Gives::Total,
        largest: ANY,
        tolerance: within(1e-14, 1e-6, 0.25),
        work: work(1.0, 0.0, 0.0),
        ..BASE
    },
    Case {
        name: "haversine",
        function: "haversine",
        title: "great-circle distance",
        columns: &[LATITUDE, LONGITUDE, LATITUDE, LONGITUDE],
        tolerance: within(1e-12, 1e-4, 6371.0),
        ..BASE
    },
    Case {
        name: "black_scholes",
        function: "black_scholes",
        title: "Black-Scholes, polynomial CDF",
        columns: OPTION,
        tolerance: within(1e-12, 1e-5, 100.0),
        ..BASE
    },
    Case {
        name: "black_scholes_erfc",
        function: "black_scholes_erfc",
        title: "Black-Scholes, erfc",
        columns: OPTION,
        tolerance: within(1e-12, 1e-5, 100.0),
        ..BASE
    },
    Case {
        name: "mandelbrot_grid",
        function: "mandelbrot",
        title: "mandelbrot, grid in row order",
        columns: &[GridX(-2.0, 0.5), GridY(-1.25, 1.25)],
        gives: Gives::Counts,
        largest: MI,
        tolerance: within(0.005, 0.02, 0.0),
        work: Some(Work { arithmetic: 7.0, divisions: 0.0, roots: 0.0, by_steps: true }),
        ..BASE
    },
    Case {
        name: "mandelbrot_random",
        function: "mandelbrot",
        title: "mandelbrot, random points",
        columns: &[Uniform(-2.0, 0.5), Uniform(-1.25, 1.25)],
        gives: Gives::Counts,
        largest: MI,
        tolerance: within(0.005, 0.02, 0.0),
        work: Some(Work { arithmetic: 7.0, divisions: 0.0, roots: 0.0, by_steps: true }),
        ..BASE
    },
    Case {
        name: "branch",
        function: "branch",
        title: "if/else with sqrt",
        columns: &[Uniform(0.0, 1.0)],
        work: work(2.0, 0.0, 1.0),
        ..BASE
    },
    Case {
        name: "mix",
        function: "mix",
        title: "i64 hash mix",
        columns: &[Bits],
        types: &[Ty::I64],
        largest: ANY,
        tolerance: EXACT,
        ..BASE
    },
    Case {
        name: "stencil",
        function: "stencil",
        title: "three-point stencil",
        columns: &[UNIT],
        around: 2,
        work: work(3.0, 0.0, 0.0),
        ..BASE
    },
    Case {
        name: "add_nulls_10",
        function: "add",
        title: "addition, 10 % nulls",
        columns: &[UNIT, UNIT],
        nulls: 10,
        work: work(1.0, 0.0, 0.0),
        ..BASE
    },
    Case {
        name: "add_nulls_50",
        function: "add",
        title: "addition, 50 % nulls",
        columns: &[UNIT, UNIT],
        nulls: 50,
        work: work(1.0, 0.0, 0.0),
        ..BASE
    },
    Case {
        name: "rational_nulls_10",
        function: "rational",
        title: "9-operation rational, 10 % nulls",
        columns: &[UNIT, UNIT],
        nulls: 10,
        work: work(5.0, 1.0, 0.0),
        ..BASE
    },
    Case {
        name: "rational_nulls_50",
        function: "rational",
        title: "9-operation rational, 50 % nulls",
        columns: &[UNIT, UNIT],
        nulls: 50,
        work: work(5.0, 1.0, 0.0),
        ..BASE
    },
    Case {
        name: "celsius",
        function: "celsius",
        title: "a difference by a constant",
        columns: &[UNIT],
        work: work(1.0, 1.0, 0.0),
        ..BASE
    },
    Case {
        name: "lennard_jones",
        function: "lennard_jones",
        title: "Lennard-Jones energy",
        columns: &[NEAR, NEAR, NEAR],
        tolerance: within(1e-13, 1e-5, 1.0),
        work: work(8.0, 1.0, 0.0),
        ..BASE
    },
    Case {
        name: "logistic",
        function: "logistic",
        title: "logistic map, 200 steps",
        // Not chaotic below 3.57, so that another order of rounding does not give another orbit.
        columns: &[Uniform(2.2, 2.9), Uniform(0.1, 0.9)],
        largest: MI,
        tolerance: within(1e-12, 1e-5, 1.0),
        work: work(600.0, 0.0, 0.0),
        ..BASE
    },
    Case {
        name: "softmax",
        function: "softmax",
        title: "softmax over rows of 16",
        columns: &[Uniform(-4.0, 4.0)],
        tolerance: within(1e-13, 1e-5, 0.1),
        ..BASE
    },
    Case {
        name: "nearest",
        function: "nearest",
        title: "nearest of 8 centroids",
        columns: &[Uniform(0.0, 1.0), Uniform(0.0, 1.0), Uniform(0.0, 1.0)],
        tolerance: within(1e-13, 1e-5, 1.0),
        work: work(8.0 * 7.0, 0.0, 1.0),
        ..BASE
    },
];

/// Elements of a list of `softmax`.
pub(crate) const LIST: usize = 16;

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn names_are_unique() {
        let names: BTreeSet<&str> = CASES.iter().map(|case| case.name).collect();
        assert_eq!(names.len(), CASES.len());
    }

    #[test]
    fn bytes_are_those_that_move() {
        assert_eq!(find("saxpy").unwrap().bytes(Ty::F64, 10), 240.0);
        assert_eq!(find("sum").unwrap().bytes(Ty::F32, 10), 40.0);
        assert_eq!(find("mandelbrot_grid").unwrap().bytes(Ty::F64, 1), 20.0);
        assert_eq!(find("add_nulls_10").unwrap().bytes(Ty::F64, 8), 192.0 + 3.0);
    }
}
