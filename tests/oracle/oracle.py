"""What each operation of the table computes, in the opinion of NumPy, Python's integers and mpmath.

The interpreter defines the results of kernels; this program judges the interpreter (ir/tests/oracle.rs
asks it). It knows the operations by name and by what their documentation promises, not by our code: NumPy
for IEEE arithmetic and wrapping integers, Python's integers and fractions for whatever must be exact or
rounded once, mpmath for functions, whose value is handed over exact to 100 bits so that the asker counts
the error in units in the last place.

Lines on standard input, and the answers:

    ?                                   the names of all operations that have a rule, in one line
    add i32 i32 i32 2                   operation, type of the result, types of the operands, number of rows
    00000001 7fffffff                   bits of the operands of a row, in hex
    00000001 00000002

    !Overflow                           one line a row: the fault,
    3                                   the result's bits in hex,
    nan                                 any NaN,
    ~-1c0p-8                            or the value itself, here -0x1c0 * 2^-8, to be met within the error
                                        bound of the operation
"""

import math
import sys
from fractions import Fraction

import numpy as np
from mpmath import mp

mp.prec = 150
SENT_BITS = 100

# name -> (dtype, dtype of its bits); kind, width and limits follow from the dtype.
TYPES = {
    "bool": (np.bool_, np.uint8),
    "i8": (np.int8, np.uint8),
    "i16": (np.int16, np.uint16),
    "i32": (np.int32, np.uint32),
    "i64": (np.int64, np.uint64),
    "u8": (np.uint8, np.uint8),
    "u16": (np.uint16, np.uint16),
    "u32": (np.uint32, np.uint32),
    "u64": (np.uint64, np.uint64),
    "f32": (np.float32, np.uint32),
    "f64": (np.float64, np.uint64),
}

# precision in bits, least and greatest exponent of a normal number
FORMATS = {"f32": (24, -126, 127), "f64": (53, -1022, 1023)}

RULES = {}


class Fault(Exception):
    """A row that fails; the name of the fault is its argument."""


class Sig:
    """Types of an operation: of its result and of its first operand."""

    def __init__(self, ret, args):
        self.ret, self.args = ret, args
        self.ty = args[0]
        self.dtype = TYPES[self.ty][0]
        self.is_float = self.ty in FORMATS
        self.is_bool = self.ty == "bool"
        if not self.is_float and not self.is_bool:
            self.width = np.dtype(self.dtype).itemsize * 8
            info = np.iinfo(self.dtype)
            self.min, self.max = int(info.min), int(info.max)


def rule(*names):
    """Registers a rule: `f(sig, *columns)` gives an array or a list of answers."""

    def register(f):
        for name in names:
            assert name not in RULES, name
            RULES[name] = f
        return f

    return register


def rows(f):
    """A rule from a function of one row of Python numbers (ints, floats, bools)."""

    def apply(sig, *columns):
        out = []
        for row in zip(*(column.tolist() for column in columns)):
            try:
                out.append(f(sig, *row))
            except Fault as fault:
                out.append(fault)
        return out

    return apply


def split(whole, real):
    """A rule that is one thing for integers and another for floats."""
    return lambda sig, *columns: (real if sig.is_float else whole)(sig, *columns)


def vector(f):
    """A rule from a function of whole columns."""
    return lambda sig, *columns: f(*columns)


def fits(sig, value):
    return sig.min <= value <= sig.max


def checked(sig, value):
    if not fits(sig, value):
        raise Fault("Overflow")
    return value


def wrapped(sig, value):
    value &= (1 << sig.width) - 1
    return value - (1 << sig.width) if value > sig.max else value


def unsigned(sig, value):
    return value & ((1 << sig.width) - 1)


def nearest(ty, value, zero=0.0):
    """The float of type `ty` nearest to a fraction, ties to even; `zero` where the fraction is zero."""
    precision, least, greatest = FORMATS[ty]
    if value == 0:
        return zero
    magnitude = abs(value)
    exponent = magnitude.numerator.bit_length() - magnitude.denominator.bit_length()
    if magnitude < Fraction(2) ** exponent:
        exponent -= 1
    last_place = Fraction(2) ** (max(exponent, least) - precision + 1)
    rounded = round(magnitude / last_place) * last_place
    result = math.inf if rounded >= Fraction(2) ** (greatest + 1) else float(rounded)
    return -result if value < 0 else result


# Arithmetic of integers: exact in Python, then checked or wrapped.


def divisor(b):
    if b == 0:
        raise Fault("DivideByZero")
    return b


def quotient(a, b):
    """Truncated towards zero."""
    magnitude = abs(a) // abs(divisor(b))
    return magnitude if (a < 0) == (b < 0) else -magnitude


def remainder(a, b):
    return a - quotient(a, b) * b


def euclid(a, b):
    """The remainder that is not negative, and the quotient that goes with it."""
    r = a % abs(divisor(b))
    return (a - r) // b, r


RULES["add"] = split(rows(lambda s, a, b: checked(s, a + b)), vector(np.add))
RULES["sub"] = split(rows(lambda s, a, b: checked(s, a - b)), vector(np.subtract))
RULES["mul"] = split(rows(lambda s, a, b: checked(s, a * b)), vector(np.multiply))
RULES["div"] = split(rows(lambda s, a, b: checked(s, quotient(a, b))), vector(np.divide))
RULES["neg"] = split(rows(lambda s, a: checked(s, -a)), vector(np.negative))
RULES["abs"] = split(rows(lambda s, a: checked(s, abs(a))), vector(np.abs))


@rows
def int_remainder(sig, a, b):
    checked(sig, quotient(a, b))
    return remainder(a, b)


@rows
def int_rem_euclid(sig, a, b):
    checked(sig, euclid(a, b)[0])
    return euclid(a, b)[1]


@rows
def int_div_euclid(sig, a, b):
    return checked(sig, euclid(a, b)[0])


@rows
def float_rem_euclid(sig, a, b):
    # NumPy's mod goes by the divisor's sign and loses the dividend's at zero.
    if math.isinf(a) or b == 0 or math.isnan(a) or math.isnan(b):
        return math.nan
    if math.isinf(b):
        return a if a >= 0 else math.inf
    exact = Fraction(a) % abs(Fraction(b))
    return nearest(sig.ty, exact, zero=math.copysign(0.0, a))


def float_div_euclid(sig, a, b):
    # By its definition: a / b is rounded before it is truncated.
    whole = np.trunc(np.divide(a, b))
    below = np.fmod(a, b) < 0
    one = sig.dtype(1)
    return np.where(below, np.where(b > 0, whole - one, whole + one), whole)


RULES["rem"] = split(int_remainder, vector(np.fmod))
RULES["rem_euclid"] = split(int_rem_euclid, float_rem_euclid)
RULES["div_euclid"] = split(int_div_euclid, float_div_euclid)


@rule("signum")
def signum(sig, a):
    return np.where(np.isnan(a), a, np.copysign(sig.dtype(1), a)) if sig.is_float else np.sign(a)


RULES["wrapping_add"] = vector(np.add)
RULES["wrapping_sub"] = vector(np.subtract)
RULES["wrapping_mul"] = vector(np.multiply)
RULES["wrapping_div"] = rows(lambda s, a, b: wrapped(s, quotient(a, b)))
RULES["wrapping_rem"] = rows(lambda s, a, b: remainder(a, b))
RULES["wrapping_pow"] = rows(lambda s, a, n: wrapped(s, pow(unsigned(s, a), n, 1 << s.width)))
RULES["add_overflows"] = rows(lambda s, a, b: not fits(s, a + b))
RULES["sub_overflows"] = rows(lambda s, a, b: not fits(s, a - b))
RULES["mul_overflows"] = rows(lambda s, a, b: not fits(s, a * b))
RULES["abs_diff"] = rows(lambda s, a, b: abs(a - b))


@rule("isqrt")
@rows
def isqrt(sig, a):
    if a < 0:
        raise Fault("Domain")
    return math.isqrt(a)


@rule("pow")
@rows
def int_pow(sig, a, n):
    if abs(a) > 1 and n > sig.width:
        raise Fault("Overflow")
    return checked(sig, a ** (n if abs(a) > 1 else min(n, 2 + n % 2)))


def least(sig, a, b):
    # NumPy leaves open which of two zeros is less; the table does not.
    chosen = np.fmin(a, b) if sig.is_float else np.minimum(a, b)
    return np.where((a == 0) & (b == 0), np.where(np.signbit(a), a, b), chosen) if sig.is_float else chosen


def greatest(sig, a, b):
    chosen = np.fmax(a, b) if sig.is_float else np.maximum(a, b)
    return np.where((a == 0) & (b == 0), np.where(np.signbit(a), b, a), chosen) if sig.is_float else chosen


RULES["min"] = least
RULES["max"] = greatest


@rule("clamp")
@rows
def clamp(sig, x, low, high):
    if not low <= high:
        raise Fault("ClampBounds")
    return low if x < low else high if x > high else x


# Bits.

RULES["and"] = vector(np.bitwise_and)
RULES["or"] = vector(np.bitwise_or)
RULES["xor"] = vector(np.bitwise_xor)
RULES["not"] = vector(np.invert)


def amount(sig, n):
    if not 0 <= n < sig.width:
        raise Fault("ShiftRange")
    return n


def rotated(sig, a, n):
    a, n = unsigned(sig, a), n % sig.width
    return wrapped(sig, a << n | a >> (sig.width - n))


def bits_of(sig, a):
    return a.view(TYPES[sig.ty][1])


RULES["shl"] = rows(lambda s, a, n: wrapped(s, a << amount(s, n)))
RULES["shr"] = rows(lambda s, a, n: a >> amount(s, n))
RULES["wrapping_shl"] = lambda s, a, n: np.left_shift(a, (n % s.width).astype(s.dtype))
RULES["wrapping_shr"] = lambda s, a, n: np.right_shift(a, (n % s.width).astype(s.dtype))
RULES["rotate_left"] = rows(rotated)
RULES["rotate_right"] = rows(lambda s, a, n: rotated(s, a, -n))
RULES["count_ones"] = lambda s, a: np.bitwise_count(bits_of(s, a))
RULES["leading_zeros"] = rows(lambda s, a: s.width - unsigned(s, a).bit_length())
RULES["trailing_zeros"] = rows(lambda s, a: (a & -a).bit_length() - 1 if a else s.width)
RULES["swap_bytes"] = lambda s, a: a.byteswap()
RULES["reverse_bits"] = rows(lambda s, a: wrapped(s, int(f"{unsigned(s, a):0{s.width}b}"[::-1], 2)))

# Comparison and choice.

RULES["eq"] = vector(np.equal)
RULES["ne"] = vector(np.not_equal)
RULES["lt"] = vector(np.less)
RULES["le"] = vector(np.less_equal)
RULES["gt"] = vector(np.greater)
RULES["ge"] = vector(np.greater_equal)
RULES["is_nan"] = vector(np.isnan)
RULES["is_finite"] = vector(np.isfinite)
RULES["is_infinite"] = vector(np.isinf)
RULES["select"] = vector(np.where)


@rule("cast")
def cast(sig, a):
    to = TYPES[sig.ret][0]
    if not sig.is_float or sig.ret in FORMATS:
        return a.astype(to)
    low, high = int(np.iinfo(to).min), int(np.iinfo(to).max)

    def saturated(_, x):
        if math.isnan(x):
            return 0
        return max(low, min(high, int(x))) if math.isfinite(x) else low if x < 0 else high

    return rows(saturated)(sig, a)


# Conditions.


def condition(holds, fault, value):
    @rows
    def check(_, *row):
        if not holds(*row):
            raise Fault(fault)
        return value(*row)

    return check


RULES["assert"] = condition(lambda a: a, "Assertion", lambda a: True)
RULES["index"] = condition(lambda a, n: a < n, "IndexRange", lambda a, n: a)
RULES["same_length"] = condition(lambda a, b: a == b, "UnequalLengths", lambda a, b: True)

# Floats: exact, or rounded once.

RULES["sqrt"] = vector(np.sqrt)
RULES["floor"] = vector(np.floor)
RULES["ceil"] = vector(np.ceil)
RULES["trunc"] = vector(np.trunc)
RULES["fract"] = vector(lambda a: a - np.trunc(a))
RULES["copysign"] = vector(lambda a, b: np.where(np.isnan(b), np.abs(a), np.copysign(a, b)))


@rule("round")
def round_half_away(sig, a):
    whole = np.trunc(a)
    away = np.abs(a - whole) >= sig.dtype(0.5)
    return np.where(away, whole + np.copysign(sig.dtype(1), a), whole)


@rule("mul_add")
@rows
def mul_add(sig, a, b, c):
    if not (math.isfinite(a) and math.isfinite(b)):
        return float(np.float64(a) * np.float64(b) + np.float64(c))
    if not math.isfinite(c):
        return c
    product = Fraction(a) * Fraction(b)
    # Only the sum of two zeros can be -0.
    zero = math.copysign(0.0, a) * math.copysign(1.0, b) + c if product == 0 and c == 0 else 0.0
    return nearest(sig.ty, product + Fraction(c), zero)


@rule("powi")
def powi(sig, x, n):
    """By its definition, square and multiply from the lowest bit, one rounding a step."""
    one = sig.dtype(1)
    base, left, power = x.copy(), np.abs(n.astype(np.int64)), np.full_like(x, one)
    while left.any():
        power = np.where(left & 1 == 1, power * base, power)
        left >>= 1
        base = base * base
    return np.where(n < 0, one / power, power)


# Functions: what NumPy says of zeros, infinities and NaN, and mpmath of everything else.


def function(name, special, value):
    """`special` is NumPy's function or one like it, `value` the exact one."""

    def apply(sig, *columns):
        edge = np.zeros(len(columns[0]), dtype=bool)
        for column in columns:
            edge |= ~np.isfinite(column) | (column == 0)
        limits = special(*columns)
        out = []
        for at_edge, limit, *row in zip(edge.tolist(), limits.tolist(), *(column.tolist() for column in columns)):
            if at_edge and (not math.isfinite(limit) or limit == math.trunc(limit)):
                out.append(limit)
                continue
            exact = value(*map(mp.mpf, row))
            out.append(exact if isinstance(exact, mp.mpf) else math.nan)
        return out

    RULES[name] = apply


def bounded(f, limit):
    """`f` with its argument kept within what matters: beyond, the result is far out of every range."""
    return lambda x: f(max(-limit, min(limit, x)))


def power(x, y):
    """x^y for finite x and y that are not zero; huge and tiny results keep within 2^(+-5000)."""
    negative = x < 0
    if negative and y != mp.floor(y):
        return math.nan
    with mp.workprec(mp.prec + 64):
        exponent = y * mp.log(abs(x))
        magnitude = mp.exp(max(-3000, min(3000, exponent)))
    return -magnitude if negative and mp.floor(y / 2) * 2 != y else +magnitude


def gamma(x):
    if x < 0 and x == mp.floor(x):
        return math.nan
    if x < -400:
        return mp.mpf(2) ** -3000 * (1 if mp.floor(x) % 2 == 0 else -1)
    return mp.gamma(min(x, mp.mpf(2000)))


def ln_gamma(x):
    if x < 0 and x == mp.floor(x):
        return mp.inf
    if x > 0:
        return mp.loggamma(x)
    # |gamma(x) gamma(1 - x)| = |pi / sin(pi x)|; the terms cancel near the zeros.
    with mp.workprec(2 * mp.prec):
        return mp.log(mp.pi / abs(mp.sinpi(x))) - mp.loggamma(1 - x)


def limits_of(f):
    return lambda a: np.array([f(x) for x in a.tolist()], dtype=np.float64)


def gamma_limit(x):
    if x == 0:
        return math.copysign(math.inf, x)
    return x if x > 0 or math.isnan(x) else math.nan


def angle(sig, y, x):
    """atan2: the limits in terms of pi, for NumPy's are rounded."""
    out = []
    for y, x in zip(y.tolist(), x.tolist()):
        if math.isnan(y) or math.isnan(x):
            out.append(math.nan)
            continue
        left = math.copysign(1.0, x) < 0
        if math.isinf(y):
            quarters = (3 if left else 1) * mp.pi / 4 if math.isinf(x) else mp.pi / 2
        elif math.isinf(x) or y == 0:
            quarters = mp.pi if left else math.copysign(0.0, y)
        else:
            quarters = mp.atan2(abs(mp.mpf(y)), mp.mpf(x))
        if isinstance(quarters, float):
            out.append(quarters)
        else:
            out.append(quarters * math.copysign(1.0, y))
    return out


function("to_radians", np.deg2rad, lambda x: x * mp.pi / 180)
function("to_degrees", np.rad2deg, lambda x: x * 180 / mp.pi)
function("cbrt", np.cbrt, lambda x: mp.cbrt(x) if x > 0 else -mp.cbrt(-x))
function("exp", np.exp, bounded(mp.exp, 3000))
function("exp2", np.exp2, bounded(lambda x: mp.mpf(2) ** x, 3000))
function("exp_m1", np.expm1, bounded(mp.expm1, 3000))
function("ln", np.log, mp.log)
function("log2", np.log2, lambda x: mp.log(x) / mp.ln2)
function("log10", np.log10, lambda x: mp.log(x) / mp.ln10)
function("ln_1p", np.log1p, mp.log1p)
function("powf", np.power, power)
function("sin", np.sin, mp.sin)
function("cos", np.cos, mp.cos)
function("tan", np.tan, mp.tan)
function("asin", np.arcsin, mp.asin)
function("acos", np.arccos, mp.acos)
function("atan", np.arctan, mp.atan)
RULES["atan2"] = angle
function("sinh", np.sinh, bounded(mp.sinh, 3000))
function("cosh", np.cosh, bounded(mp.cosh, 3000))
function("tanh", np.tanh, bounded(mp.tanh, 3000))
function("asinh", np.arcsinh, mp.asinh)
function("acosh", np.arccosh, mp.acosh)
function("atanh", np.arctanh, mp.atanh)
function("hypot", np.hypot, mp.hypot)
function("erf", limits_of(math.erf), bounded(mp.erf, 200))
function("erfc", limits_of(math.erfc), bounded(mp.erfc, 200))
for looser in ["exp", "exp2", "ln", "log2", "log10", "sin", "cos", "tan", "asin", "acos", "atan", "atan2"]:
    RULES["approx_" + looser] = RULES[looser]
function("gamma", limits_of(gamma_limit), gamma)
function("ln_gamma", limits_of(lambda x: x if math.isnan(x) else math.inf), ln_gamma)


# The conversation.


def decode(ty, words):
    dtype, bits = TYPES[ty]
    column = np.array(words, dtype=np.uint64).astype(bits).view(dtype)
    # A kernel knows one NaN; a signalling one is another thing to some C libraries.
    return np.where(np.isnan(column), dtype(np.nan), column) if ty in FORMATS else column


def encode(sig, answers):
    """Lines of the answers: a column, or a list in which faults and exact values may stand."""
    dtype, bits = TYPES[sig.ret]
    if isinstance(answers, np.ndarray):
        exceptions = {}
    else:
        exceptions = {at: answer for at, answer in enumerate(answers) if isinstance(answer, (Fault, mp.mpf))}
        answers = [0 if at in exceptions else answer for at, answer in enumerate(answers)]
    column = np.array(answers, dtype=dtype)
    lines = [f"{word:x}" for word in column.view(bits).tolist()]
    if sig.ret in FORMATS:
        for at in np.flatnonzero(np.isnan(column)):
            lines[at] = "nan"
    for at, answer in exceptions.items():
        lines[at] = f"!{answer.args[0]}" if isinstance(answer, Fault) else encode_exact(dtype, answer)
    return lines


def encode_exact(dtype, value):
    if not mp.isfinite(value) or value == 0:
        (word,) = np.array([float(value)], dtype=dtype).view(f"u{np.dtype(dtype).itemsize}").tolist()
        return f"{word:x}"
    with mp.workprec(SENT_BITS):
        sign, mantissa, exponent, _ = (+value)._mpf_
    return f"~{'-' if sign else ''}{int(mantissa):x}p{exponent}"


def main():
    np.seterr(all="ignore")
    lines = iter(sys.stdin)
    for header in lines:
        if header.strip() == "?":
            print(*RULES, flush=True)
            continue
        op, ret, *args, count = header.split()
        table = [[int(word, 16) for word in next(lines).split()] for _ in range(int(count))]
        columns = [decode(ty, column) for ty, column in zip(args, zip(*table), strict=True)]
        sig = Sig(ret, args)
        answers = encode(sig, RULES[op](sig, *columns))
        assert len(answers) == int(count), op
        print(*answers, sep="\n", flush=True)


if __name__ == "__main__":
    main()
