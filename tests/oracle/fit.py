"""Where the coefficients of our math functions come from.

For each series of ir/src/math this program fits a polynomial: the exchange of Remez on a fixed grid with
mpmath, the greatest weighted error made least. Coefficients are rounded to f64 from the lowest on, and what
is left is fitted again after each, so that the later ones make up for the rounding of the earlier. It prints
ir/src/math/coefficients.rs; `fit.py NAME` prints one table. The error beside each is what the rounded
coefficients really do, over a grid ten times as fine, before any rounding in the evaluation.

The reader's way to check: `fit.py > ../../ir/src/math/coefficients.rs` and `cargo fmt` give the file in the
repository; it takes a minute and needs mpmath alone.
"""

import sys

from mpmath import mp, mpf

mp.prec = 260

TABLES = {}


def table(name, doc, f, low, high, count, weight=lambda x: mpf(1)):
    TABLES[name] = (doc, f, mpf(low), mpf(high), count, weight)


def grid(low, high, points):
    middle, half = (low + high) / 2, (high - low) / 2
    return [middle - half * mp.cos(mp.pi * (2 * i + 1) / (2 * points)) for i in range(points)]


def horner(coefficients, x):
    total = mpf(0)
    for c in reversed(coefficients):
        total = total * x + c
    return total


def exchange(xs, values, weights, count):
    """The polynomial with `count` coefficients whose greatest weighted error on the grid is least."""
    n = count + 1
    step = (len(xs) - 1) / (n - 1)
    # Extremes of a Chebyshev polynomial to begin with; the grid is spaced like its roots.
    at = [round(i * step) for i in range(n)]
    for _ in range(200):
        rows = mp.matrix(n, n)
        right = mp.matrix(n, 1)
        for row, i in enumerate(at):
            power = mpf(1)
            for k in range(count):
                rows[row, k] = power
                power *= xs[i]
            rows[row, count] = (-1) ** row / weights[i]
            right[row] = values[i]
        solution = mp.lu_solve(rows, right)
        coefficients, level = [solution[k] for k in range(count)], abs(solution[count])
        errors = [(values[i] - horner(coefficients, xs[i])) * weights[i] for i in range(len(xs))]
        # One extreme for each run of errors of the same sign.
        runs = []
        for i, e in enumerate(errors):
            if runs and (errors[runs[-1]] > 0) == (e > 0):
                if abs(e) > abs(errors[runs[-1]]):
                    runs[-1] = i
            else:
                runs.append(i)
        worst = max(range(len(xs)), key=lambda i: abs(errors[i]))
        if abs(errors[worst]) <= level * (1 + mpf(2) ** -20):
            break
        if len(runs) == n and runs != at:
            at = runs
            continue
        at = swapped(at, worst, errors)
    return coefficients


def swapped(at, worst, errors):
    """The points with one given up for the worst, so that the signs of the errors still alternate."""
    sign = errors[worst] > 0
    signs = [errors[i] > 0 for i in at]
    if worst < at[0]:
        return [worst] + (at[1:] if signs[0] == sign else at[:-1])
    if worst > at[-1]:
        return (at[:-1] if signs[-1] == sign else at[1:]) + [worst]
    left = max(k for k in range(len(at)) if at[k] <= worst)
    place = left if signs[left] == sign else left + 1
    return at[:place] + [worst] + at[place + 1 :]


def fit(name):
    doc, f, low, high, count, weight = TABLES[name]
    xs = grid(low, high, 24 * count)
    weights = [weight(x) for x in xs]
    rest = [f(x) for x in xs]
    # Weights and values are those of what is left after `done` coefficients.
    done = []
    while len(done) < count:
        coefficients = exchange(xs, rest, weights, count - len(done))
        c = mpf(float(coefficients[0]))
        done.append(c)
        rest = [(v - c) / x for v, x in zip(rest, xs)]
        weights = [w * abs(x) for w, x in zip(weights, xs)]
    fine = grid(low, high, 240 * count)
    error = max(abs(f(x) - horner(done, x)) * weight(x) for x in fine)
    return doc, done, error


def root(f):
    return lambda z: f(mp.sqrt(z))


def steps(f, *terms):
    """((f - t0) / x - t1) / x ...: what is left of a series after its first terms."""

    def left(x):
        value = f(x)
        for t in terms:
            value = (value - t) / x
        return value

    return left


HALF_LN2 = mp.ln(2) / 2 * mpf("1.0001")
QUARTER = (mp.pi / 4 * mpf("1.0001")) ** 2
THIRD = mpf(1) / 3
ROOT_HALF = (mp.sqrt(2) - 1) / (mp.sqrt(2) + 1)
LOG_HIGH = ROOT_HALF**2 * mpf("1.001")

table("EXP", "(e^r - 1 - r) / r^2 for |r| up to ln 2 / 2; the error is times r^2.",
      steps(mp.exp, 1, 1), -HALF_LN2, HALF_LN2, 10, lambda r: r * r)
table("EXP_M1", "(e^r - 1 - r - r^2 / 2) / r^3 for |r| up to ln 2 / 2; the error is times r^2.",
      steps(mp.exp, 1, 1, mpf(1) / 2), -HALF_LN2, HALF_LN2, 10, lambda r: r * r)
table("LN", "(2 atanh(s) / s - 2) / z, z = s^2, s = f / (2 + f), 1 + f from sqrt(1/2) to sqrt(2); the error is times z.",
      steps(root(lambda s: 2 * mp.atanh(s) / s), 2), 0, LOG_HIGH, 7, lambda z: z)
table("LN_TAIL", "(atanh(s) / s - 1 - z / 3) / z^2, as for LN; the error is times z^2.",
      steps(root(lambda s: mp.atanh(s) / s), 1, THIRD), 0, LOG_HIGH, 7, lambda z: z * z)
table("SIN", "(sin(r) / r - 1) / z, z = r^2, |r| up to pi / 4; the error is times z.",
      steps(root(lambda r: mp.sin(r) / r), 1), 0, QUARTER, 6, lambda z: z)
table("COS", "(cos(r) - 1 + z / 2) / z^2, z = r^2, |r| up to pi / 4; the error is times z^2.",
      steps(root(mp.cos), 1, mpf(-1) / 2), 0, QUARTER, 6, lambda z: z * z)
HALF_TURN = (mp.pi / 2 * mpf("1.0001")) ** 2
LOG_LOW, LOG_TOP = mp.sqrt(mpf(1) / 2) * mpf("0.9999") - 1, mp.sqrt(2) * mpf("1.0001") - 1

table("SIN_WIDE", "(sin(r) / r - 1) / z, z = r^2, |r| up to pi / 2; the error is times z.",
      steps(root(lambda r: mp.sin(r) / r), 1), 0, HALF_TURN, 8, lambda z: z)
table("LN_DIRECT", "(ln(1 + f) - f) / f^2, 1 + f from sqrt(1/2) to sqrt(2); the error is times f.",
      steps(lambda f: mp.log1p(f), 0, 1), LOG_LOW, LOG_TOP, 19, abs)
table("ASIN", "(asin(x) / x - 1) / z, z = x^2, |x| up to 1/2; the error is times z.",
      steps(root(lambda x: mp.asin(x) / x), 1), 0, mpf("0.2501"), 13, lambda z: z)
table("ATAN", "(atan(t) / t - 1) / z, z = t^2, |t| up to tan(pi / 8); the error is times z.",
      steps(root(lambda t: mp.atan(t) / t), 1), 0, mp.tan(mp.pi / 8) ** 2 * mpf("1.0002"), 11, lambda z: z)
table("SINH", "(sinh(r) / r - 1) / z, z = r^2, |r| up to ln 2 / 2; the error is times z.",
      steps(root(lambda r: mp.sinh(r) / r), 1), 0, HALF_LN2**2, 5, lambda z: z)
table("COSH", "(cosh(r) - 1) / z, z = r^2, |r| up to ln 2 / 2; the error is times z.",
      steps(root(mp.cosh), 1), 0, HALF_LN2**2, 5, lambda z: z)


def erfcx_lead(x):
    return x * mp.exp(x * x) * mp.erfc(x)


CENTRE = mpf("0.28125")
ERF_AT = mp.erf(mp.sqrt(CENTRE)) / mp.sqrt(CENTRE)
ERFC_AT = erfcx_lead(mpf(3) / 2)


def at_centre(c):
    x = mp.sqrt(CENTRE + c)
    return mp.erf(x) / x


def from_half(v):
    """x of v = (x - 3/2) / (x + 3/2)."""
    return mpf(3) / 2 * (1 + v) / (1 - v)


def to_half(x):
    return (x - mpf(3) / 2) / (x + mpf(3) / 2)


def slope(v):
    x = from_half(v)
    by_x = (1 + 2 * x * x) * mp.exp(x * x) * mp.erfc(x) - 2 * x / mp.sqrt(mp.pi)
    return by_x * 3 / (1 - v) ** 2


table("ERF", "(erf(x) / x - ERF_LEAD) / c, c = x^2 - 0.28125, x from 0 to 3/4; the error is times c.",
      steps(at_centre, ERF_AT), -CENTRE + mpf(2) ** -60, mpf("0.5626") - CENTRE, 10, abs)
table("ERFC", "(x e^(x^2) erfc(x) - ERFC_LEAD) / v, v = (x - 3/2) / (x + 3/2), x from 3/4 to 28; the error is times v.",
      steps(lambda v: erfcx_lead(from_half(v)), ERFC_AT), to_half(mpf("0.7499")), to_half(mpf("27.4")), 24, abs)
table("ERFC_SLOPE", "The slope of x e^(x^2) erfc(x) by v, roughly, for the low part of v.",
      slope, to_half(mpf("0.7499")), to_half(mpf("27.4")), 4)
table("CBRT", "1 / cbrt(m), m from sqrt(1/2) to sqrt(2), a first guess.",
      lambda m: 1 / mp.cbrt(m), mp.sqrt(mpf(1) / 2), mp.sqrt(2), 7)



def stirling(z):
    """What Stirling's formula for ln gamma(x) lacks, times x, of z = 1 / x^2."""
    x = 1 / mp.sqrt(z)
    return x * (mp.loggamma(x) - (x - mpf(1) / 2) * mp.log(x) + x - mp.log(2 * mp.pi) / 2)


def between_zeros(t):
    f = mpf(1) / 2 + t
    return mp.loggamma(1 + f) / (f * (f - 1))


GAMMA_AT = mp.gamma(mpf(3) / 2)
LN_GAMMA_AT = between_zeros(mpf(0))
# Off the zeros at 0 and 1, of which the quotient is free.
HALF = mpf("0.5000001")

table("GAMMA", "(gamma(3/2 + t) - GAMMA_LEAD) / t, |t| up to 1/2; the error is times t.",
      steps(lambda t: mp.gamma(mpf(3) / 2 + t), GAMMA_AT), -HALF, HALF, 24, abs)
table("LN_GAMMA", "(ln gamma(3/2 + t) / ((t + 1/2) (t - 1/2)) - LN_GAMMA_LEAD) / t, |t| up to 1/2; the error is times t.",
      steps(between_zeros, LN_GAMMA_AT), -HALF, HALF, 21, abs)
table("STIRLING", "x (ln gamma(x) - (x - 1/2) ln x + x - ln sqrt(2 pi)), z = 1 / x^2, x from 8; the error is times 1 / x.",
      stirling, mpf(2) ** -40, mpf("0.0157"), 9, mp.sqrt)

# name -> what it is, its value, and in how many floats it is handed over
PARTS = {
    "ERF_LEAD": ("erf(x) / x at x^2 = 0.28125", ERF_AT, 2),
    "ERFC_LEAD": ("x e^(x^2) erfc(x) at x = 3/2", ERFC_AT, 2),
    "GAMMA_LEAD": ("gamma(3/2)", GAMMA_AT, 2),
    "LN_GAMMA_LEAD": ("-4 ln gamma(3/2)", LN_GAMMA_AT, 2),
    "STIRLING_LEAD": ("ln sqrt(2 pi) - 1/2", (mp.log(2 * mp.pi) - 1) / 2, 2),
    "LN_PI": ("ln pi", mp.ln(mp.pi), 2),
    "LN2": ("ln 2", mp.ln(2), 2),
    "LOG2_E": ("1 / ln 2", 1 / mp.ln(2), 2),
    "LOG10_2": ("ln 2 / ln 10", mp.ln(2) / mp.ln(10), 2),
    "LOG10_E": ("1 / ln 10", 1 / mp.ln(10), 2),
    "THIRD": ("1 / 3", THIRD, 2),
    "PI": ("pi", +mp.pi, 3),
    "HALF_PI": ("pi / 2", mp.pi / 2, 3),
    "QUARTER_PI": ("pi / 4", mp.pi / 4, 2),
}


def literal(value):
    """A float as Rust has it: shortest digits, in groups of three."""
    mantissa, _, exponent = repr(float(value)).partition("e")
    whole, _, digits = mantissa.partition(".")
    digits = digits or "0"
    digits = "_".join(digits[i : i + 3] for i in range(0, len(digits), 3))
    return f"{whole}.{digits}" + (f"e{exponent}" if exponent else "")


HEAD = """\
//! Coefficients of the series, lowest first, as tests/oracle/fit.py has found them; that program is their
//! source, and says beside each table what error is left. Change them there.

// A value in parts is the sum of floats, each nearest to what those before it leave.
#![allow(clippy::approx_constant)]
"""


def main():
    names = sys.argv[1:] or list(TABLES) + list(PARTS)
    print(HEAD)
    for name in names:
        if name in PARTS:
            doc, value, count = PARTS[name]
            parts = []
            for _ in range(count):
                parts.append(literal(value))
                value -= mpf(float(value))
            print(f"/// {doc} in {count} parts.")
            print(f"pub(super) const {name}: ({', '.join(['f64'] * count)}) = ({', '.join(parts)});\n")
            continue
        doc, coefficients, error = fit(name)
        print(f"/// {doc} Its greatest is 2^{float(mp.log(error, 2)):.1f}.")
        print(f"pub(super) const {name}: [f64; {len(coefficients)}] = [")
        for c in coefficients:
            print(f"    {literal(c)},")
        print("];\n", flush=True)


if __name__ == "__main__":
    main()
