//! What a math function is written in: the steps that every CPU rounds in the same way.
//!
//! Each function of `math` is written once, generic over `Lanes`. `Scalar` computes it for one number, for
//! the interpreter and for the helpers of scalar code; a compiler implements `Lanes` by emitting an
//! instruction for each step, over as many lanes as it likes. Bits are the same because there is one tree of
//! steps, each of them exact or rounded once to nearest, ties to even: nothing may be reassociated, contracted
//! or approximated.
//!
//! All lanes are 64 bits wide. A function of f32 is its function of f64 on the widened argument, rounded to
//! f32 at the end. NaN payloads are left open; `lt`, `le` and `eq` are false where an operand is NaN.

use std::cell::Cell;
use std::marker::PhantomData;

/// 1.5 * 2^52: added to a small float it leaves the nearest integer in the low bits, in two's complement.
pub(super) const MAGIC: f64 = 6_755_399_441_055_744.0;
/// The sign bit.
pub(super) const SIGN: i64 = i64::MIN;
/// The bits of 1.0.
pub(super) const ONE_BITS: i64 = 0x3ff0_0000_0000_0000;

/// Lanes of floats, of integers over the same bits, and of truth values, with what can be done to them.
#[allow(missing_docs)]
pub trait Lanes {
    /// A float, or a vector of them.
    type F: Copy;
    /// 64 bits of each lane.
    type I: Copy;
    /// A truth value of each lane.
    type M: Copy;

    fn float(&self, value: f64) -> Self::F;
    fn int(&self, bits: i64) -> Self::I;

    fn add(&self, a: Self::F, b: Self::F) -> Self::F;
    fn sub(&self, a: Self::F, b: Self::F) -> Self::F;
    fn mul(&self, a: Self::F, b: Self::F) -> Self::F;
    fn div(&self, a: Self::F, b: Self::F) -> Self::F;
    fn sqrt(&self, a: Self::F) -> Self::F;
    /// a * b + c, rounded once.
    fn fma(&self, a: Self::F, b: Self::F, c: Self::F) -> Self::F;
    /// The sign bit turned.
    fn neg(&self, a: Self::F) -> Self::F;
    /// The sign bit cleared.
    fn abs(&self, a: Self::F) -> Self::F;

    fn bits(&self, a: Self::F) -> Self::I;
    fn of_bits(&self, a: Self::I) -> Self::F;

    fn iadd(&self, a: Self::I, b: Self::I) -> Self::I;
    fn isub(&self, a: Self::I, b: Self::I) -> Self::I;
    fn iand(&self, a: Self::I, b: Self::I) -> Self::I;
    fn ior(&self, a: Self::I, b: Self::I) -> Self::I;
    fn ixor(&self, a: Self::I, b: Self::I) -> Self::I;
    fn shl(&self, a: Self::I, by: u32) -> Self::I;
    /// Right shift that brings in zeros.
    fn shr(&self, a: Self::I, by: u32) -> Self::I;

    fn lt(&self, a: Self::F, b: Self::F) -> Self::M;
    fn le(&self, a: Self::F, b: Self::F) -> Self::M;
    fn eq(&self, a: Self::F, b: Self::F) -> Self::M;
    fn ieq(&self, a: Self::I, b: Self::I) -> Self::M;
    /// Less, as signed numbers.
    fn ilt(&self, a: Self::I, b: Self::I) -> Self::M;

    fn and(&self, a: Self::M, b: Self::M) -> Self::M;
    fn or(&self, a: Self::M, b: Self::M) -> Self::M;
    fn not(&self, a: Self::M) -> Self::M;
    /// `a` where the truth value is true, else `b`.
    fn select(&self, m: Self::M, a: Self::F, b: Self::F) -> Self::F;
    fn iselect(&self, m: Self::M, a: Self::I, b: Self::I) -> Self::I;

    /// In these lanes the result is not to be used: whoever runs the function computes them by `rare` of the
    /// table in `math`, which is exact argument reduction.
    fn rare(&self, m: Self::M);

    /// a * 2^n, rounded once, for whole n of at most 2100 in magnitude and an |a| in 2^-60..2^60 (or NaN, with
    /// any n). An engine that has an instruction for it may use that.
    #[inline(always)]
    fn scale(&self, a: Self::F, n: Self::F) -> Self::F {
        scale_by_halves(self, a, n)
    }

    /// 2^n for a float MAGIC + n, n from -1022 to 1023.
    #[inline(always)]
    fn power(&self, magic_n: Self::F) -> Self::F {
        self.of_bits(self.iadd(self.shl(self.bits(magic_n), 52), self.int(ONE_BITS)))
    }
}

/// a * 2^n as `Lanes::scale` has it, by two powers of two.
#[inline(always)]
pub fn scale_by_halves<L: Lanes + ?Sized>(l: &L, a: L::F, n: L::F) -> L::F {
    let magic = l.float(MAGIC);
    let half = l.fma(n, l.float(0.5), magic);
    let rest = l.add(l.sub(n, l.sub(half, magic)), magic);
    // The first product is exact.
    let a = l.mul(a, l.power(half));
    l.mul(a, l.power(rest))
}

/// How one lane multiplies and adds with one rounding.
pub trait Fuse {
    /// a * b + c.
    fn fma(a: f64, b: f64, c: f64) -> f64;
}

/// `libm::fma`: an instruction where the CPU has one, integers where not; a call either way.
pub struct Called;

impl Fuse for Called {
    #[inline(always)]
    fn fma(a: f64, b: f64, c: f64) -> f64 {
        libm::fma(a, b, c)
    }
}

/// The instruction, in a function that is compiled for a CPU that has it. Elsewhere the platform's `fma` is
/// called, which has the same bits.
pub struct Inline;

impl Fuse for Inline {
    #[inline(always)]
    fn fma(a: f64, b: f64, c: f64) -> f64 {
        a.mul_add(b, c)
    }
}

/// What the target has: its baseline includes the instruction or does not.
#[cfg(any(target_feature = "fma", target_arch = "aarch64"))]
pub type Baseline = Inline;
/// What the target has: its baseline includes the instruction or does not.
#[cfg(not(any(target_feature = "fma", target_arch = "aarch64")))]
pub type Baseline = Called;

/// One lane.
pub struct Scalar<S> {
    rare: Cell<bool>,
    fuse: PhantomData<S>,
}

impl<S> Scalar<S> {
    /// One lane that is not rare yet.
    #[inline(always)]
    #[allow(clippy::new_without_default)]
    pub fn new() -> Self {
        Scalar { rare: Cell::new(false), fuse: PhantomData }
    }

    /// Whether the result is not to be used.
    #[inline(always)]
    pub fn is_rare(&self) -> bool {
        self.rare.get()
    }
}

macro_rules! plain {
    ($($name:ident ($($x:ident: $ty:ty),*) -> $ret:ty = $body:expr;)*) => {
        $(
            #[inline(always)]
            fn $name(&self, $($x: $ty),*) -> $ret {
                $body
            }
        )*
    };
}

impl<S: Fuse> Lanes for Scalar<S> {
    type F = f64;
    type I = i64;
    type M = bool;

    plain! {
        float(value: f64) -> f64 = value;
        int(bits: i64) -> i64 = bits;
        add(a: f64, b: f64) -> f64 = a + b;
        sub(a: f64, b: f64) -> f64 = a - b;
        mul(a: f64, b: f64) -> f64 = a * b;
        div(a: f64, b: f64) -> f64 = a / b;
        sqrt(a: f64) -> f64 = a.sqrt();
        fma(a: f64, b: f64, c: f64) -> f64 = S::fma(a, b, c);
        neg(a: f64) -> f64 = -a;
        abs(a: f64) -> f64 = a.abs();
        bits(a: f64) -> i64 = a.to_bits() as i64;
        of_bits(a: i64) -> f64 = f64::from_bits(a as u64);
        iadd(a: i64, b: i64) -> i64 = a.wrapping_add(b);
        isub(a: i64, b: i64) -> i64 = a.wrapping_sub(b);
        iand(a: i64, b: i64) -> i64 = a & b;
        ior(a: i64, b: i64) -> i64 = a | b;
        ixor(a: i64, b: i64) -> i64 = a ^ b;
        shl(a: i64, by: u32) -> i64 = a << by;
        shr(a: i64, by: u32) -> i64 = (a as u64 >> by) as i64;
        lt(a: f64, b: f64) -> bool = a < b;
        le(a: f64, b: f64) -> bool = a <= b;
        eq(a: f64, b: f64) -> bool = a == b;
        ieq(a: i64, b: i64) -> bool = a == b;
        ilt(a: i64, b: i64) -> bool = a < b;
        and(a: bool, b: bool) -> bool = a & b;
        or(a: bool, b: bool) -> bool = a | b;
        not(a: bool) -> bool = !a;
        select(m: bool, a: f64, b: f64) -> f64 = if m { a } else { b };
        iselect(m: bool, a: i64, b: i64) -> i64 = if m { a } else { b };
    }

    #[inline(always)]
    fn rare(&self, m: bool) {
        self.rare.set(self.rare.get() | m);
    }
}
