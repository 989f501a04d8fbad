"""Where the coefficients of our math functions come from.

For each series of ir/src/math this program fits a polynomial: the exchange of Remez on a fixed grid with
mpmath, the greatest weighted error made least. Coefficients are rounded to f64 from the lowest on, and what
is left is fitted again after each, so that the later ones make up for the rounding of the earlier. Of a
quotient of two polynomials the lower one is rounded, and the upper one fitted to what that asks for. It prints
ir/src/math/coefficients.rs; `fit.py NAME` prints one table. The error beside each is what the rounded
coefficients really do, over a grid ten times as fine, before any rounding in the evaluation.

The reader's way to check: `fit.py > ../../ir/src/math/coefficients.rs` and `cargo fmt` give the file in the
repository; it takes a minute and needs mpmath alone.
"""

import sys

from mpmath import mp, mpf

mp.prec = 260

TABLES = {}
QUOTIENTS = {}


def table(name, doc, f, low, high, count, weight=lambda x: mpf(1)):
    TABLES[name] = (doc, f, mpf(low), mpf(high), count, weight)


def quotient(name, lower_name, doc, f, end, counts, weight):
    TABLES[name] = None
    QUOTIENTS[name] = (lower_name, doc, f, mpf(end), counts, weight)


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
        runs = extremes(errors)
        worst = max(range(len(xs)), key=lambda i: abs(errors[i]))
        if abs(errors[worst]) <= level * (1 + mpf(2) ** -20):
            break
        if len(runs) == n and runs != at:
            at = runs
            continue
        at = swapped(at, worst, errors)
    return coefficients


def extremes(errors):
    """One place for each run of errors of the same sign, the greatest of it."""
    runs = []
    for i, e in enumerate(errors):
        if runs and (errors[runs[-1]] > 0) == (e > 0):
            if abs(e) > abs(errors[runs[-1]]):
                runs[-1] = i
        else:
            runs.append(i)
    return runs


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


def rounded_fit(xs, rest, weights, count):
    """Coefficients that are floats, each fitted to what those before it leave."""
    done = []
    while len(done) < count:
        coefficients = exchange(xs, rest, weights, count - len(done))
        c = mpf(float(coefficients[0]))
        done.append(c)
        rest = [(v - c) / x for v, x in zip(rest, xs)]
        weights = [w * abs(x) for w, x in zip(weights, xs)]
    return done


def fit(name):
    if name in QUOTIENTS:
        return fit_quotient(name)
    doc, f, low, high, count, weight = TABLES[name]
    xs = grid(low, high, 24 * count)
    done = rounded_fit(xs, [f(x) for x in xs], [weight(x) for x in xs], count)
    fine = grid(low, high, 240 * count)
    error = max(abs(f(x) - horner(done, x)) * weight(x) for x in fine)
    return [(name, doc, done)], error


def half_line(end, points):
    """A grid from 0 to `end`, spaced evenly as seen from 2 on the way to infinity."""
    return [2 * (1 + t) / (1 - t) for t in cosines((end - 2) / (end + 2), points)]


def cosines(high, points):
    """From -1 to `high`, both of them included."""
    middle, half = (high - 1) / 2, (high + 1) / 2
    return [middle - half * mp.cos(mp.pi * i / (points - 1)) for i in range(points)]


def levelled(xs, values, weights, at, counts):
    """The quotient whose weighted errors at the points are equal and alternate, and their size."""
    upper, lower = counts
    n = upper + lower
    level = mpf(0)
    for _ in range(30):
        rows = mp.matrix(n, n)
        right = mp.matrix(n, 1)
        for row, i in enumerate(at):
            x, sign = xs[i], (-1) ** row / weights[i]
            for k in range(upper):
                rows[row, k] = x**k
            for k in range(1, lower):
                rows[row, upper + k - 1] = -(values[i] + sign * level) * x**k
            rows[row, n - 1] = -sign
            right[row] = values[i]
        solution = mp.lu_solve(rows, right)
        before, level = level, solution[n - 1]
        if abs(level - before) <= abs(level) * mpf(2) ** -20:
            break
    return [solution[k] for k in range(upper)], [mpf(1)] + [solution[upper + k] for k in range(lower - 1)], level


def fit_quotient(name):
    """Rounds of exchange, of which the best counts: they come within a bit of the least error and then turn
    around it."""
    lower_name, doc, f, end, counts, weight = QUOTIENTS[name]
    xs = half_line(end, 700)
    values, weights = [f(x) for x in xs], [weight(x) for x in xs]
    n = sum(counts)
    at = [round(i * (len(xs) - 1) / (n - 1)) for i in range(n)]
    best = None
    for _ in range(10):
        upper, lower, level = levelled(xs, values, weights, at, counts)
        errors = [(horner(upper, x) / horner(lower, x) - v) * w for x, v, w in zip(xs, values, weights)]
        worst = max(range(len(xs)), key=lambda i: abs(errors[i]))
        if best is None or abs(errors[worst]) < best[0]:
            best = abs(errors[worst]), lower
        if abs(errors[worst]) <= abs(level) * mpf("1.02"):
            break
        runs = extremes(errors)
        at = runs if len(runs) == n else swapped(at, worst, errors)
    lower = [mpf(float(c)) for c in best[1]]
    # Off 0, where a polynomial's own error is its first coefficient's.
    xs, values, weights = xs[1:], values[1:], weights[1:]
    below = [horner(lower, x) for x in xs]
    rest = [v * b for v, b in zip(values, below)]
    upper = rounded_fit(xs, rest, [w / b for w, b in zip(weights, below)], counts[0])
    fine = half_line(end, 3001)
    error = max(abs(f(x) - horner(upper, x) / horner(lower, x)) * weight(x) for x in fine)
    return [(name, f"{doc}: the upper polynomial.", upper), (lower_name, f"{doc}: the lower one.", lower)], error


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


def erfcx(x):
    return mp.exp(x * x) * mp.erfc(x)


# 1 / (LEVEL + RISE x) is within a tenth of erfcx(x) from 0 to infinity.
LEVEL, RISE = mpf(0.9375), mpf(1.62)
CENTRE = mpf("0.28125")
ERF_AT = mp.erf(mp.sqrt(CENTRE)) / mp.sqrt(CENTRE)


def at_centre(c):
    x = mp.sqrt(CENTRE + c)
    return mp.erf(x) / x


def beyond(x):
    d = LEVEL + RISE * x
    return (d * erfcx(x) - 1) * d


table("ERF", "(erf(x) / x - ERF_LEAD) / c, c = x^2 - 0.28125, x from 0 to 3/4; the error is times c.",
      steps(at_centre, ERF_AT), -CENTRE + mpf(2) ** -60, mpf("0.5626") - CENTRE, 10, abs)
quotient("ERFC_TOP", "ERFC_BOTTOM",
         "d (d e^(x^2) erfc(x) - 1) as a quotient, d = ERFC_LEVEL + ERFC_RISE x, x from 0 to 27.3; the error is by d",
         beyond, mpf("27.3"), (13, 12), lambda x: 1 / (LEVEL + RISE * x))
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
    "ERFC_LEVEL": ("Of the first guess of e^(x^2) erfc(x), 1 / (ERFC_LEVEL + ERFC_RISE x)", LEVEL, 1),
    "ERFC_RISE": ("Of the first guess of e^(x^2) erfc(x), 1 / (ERFC_LEVEL + ERFC_RISE x)", RISE, 1),
    "GAMMA_LEAD": ("gamma(3/2)", GAMMA_AT, 2),
    "LN_GAMMA_LEAD": ("-4 ln gamma(3/2)", LN_GAMMA_AT, 2),
    "STIRLING_LEAD": ("ln sqrt(2 pi) - 1/2", (mp.log(2 * mp.pi) - 1) / 2, 2),
    "LN_PI": ("ln pi", mp.ln(mp.pi), 2),
    "LN2": ("ln 2", mp.ln(2), 2),
    "LN2_GRAINS": ("ln 2, the first a multiple of 2^-52,", mp.ln(2), 2),
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
                part = mpf(float(value))
                if name == "LN2_GRAINS" and not parts:
                    part = mp.floor(value * 2**52) / 2**52
                parts.append(literal(part))
                value -= part
            if count == 1:
                print(f"/// {doc}.\npub(super) const {name}: f64 = {parts[0]};\n")
                continue
            print(f"/// {doc} in {count} parts.")
            print(f"pub(super) const {name}: ({', '.join(['f64'] * count)}) = ({', '.join(parts)});\n")
            continue
        tables, error = fit(name)
        for table_name, doc, coefficients in tables:
            print(f"/// {doc} Its greatest is 2^{float(mp.log(error, 2)):.1f}.")
            print(f"pub(super) const {table_name}: [f64; {len(coefficients)}] = [")
            for c in coefficients:
                print(f"    {literal(c)},")
            print("];\n", flush=True)


if __name__ == "__main__":
    main()
