"""The expectations of the kernels from the field (tests/kernels/*.rs), computed a second time.

Each function below says what the kernel of its name must give, in Python: mpmath with 50 digits for what has
functions in it, Python's floats and integers where a kernel's steps round as theirs do, zlib, bisect, math and
datetime where they know the answer. None was written by looking at what a kernel gives.

    field.py FILE...         fills in `= ?` and `~ ?`, and reports lines that disagree with what is said here
    field.py --check FILE... reports only
    field.py --comparisons   writes tests/kernels/comparisons.rs to standard output
"""

import binascii
import bisect
import datetime
import math
import re
import sys
import zlib

import numpy as np
from mpmath import mp, mpf

mp.dps = 50
np.seterr(all="ignore")
KNOWN = {}
FAR = {"f64": 1e-12, "f32": 1e-6}
EPOCH = datetime.date(1970, 1, 1)


def known(f):
    KNOWN[f.__name__.rstrip("_")] = f
    return f


class Fails(Exception):
    pass


# Prices.


def cdf(x):
    return mp.erfc(-x / mp.sqrt(2)) / 2


def d1_d2(spot, strike, years, rate, volatility):
    spread = volatility * mp.sqrt(years)
    d1 = (mp.log(spot / strike) + (rate + volatility**2 / 2) * years) / spread
    return d1, d1 - spread


@known
def normal_cdf(x):
    return cdf(mpf(x))


@known
def normal_pdf(x):
    return mp.npdf(mpf(x))


@known
def european(*args):
    spot, strike, years, rate, volatility = map(mpf, args)
    d1, d2 = d1_d2(spot, strike, years, rate, volatility)
    call = spot * cdf(d1) - strike * mp.exp(-rate * years) * cdf(d2)
    return call, call - spot + strike * mp.exp(-rate * years), cdf(d1)


@known
def greeks(*args):
    # By differentiation of the price, not by the formulas of the kernel.
    spot, strike, years, rate, volatility = map(mpf, args)

    def price(s, t, v):
        d1, d2 = d1_d2(s, strike, t, rate, v)
        return s * cdf(d1) - strike * mp.exp(-rate * t) * cdf(d2)

    gamma = mp.diff(lambda s: price(s, years, volatility), spot, 2)
    vega = mp.diff(lambda v: price(spot, years, v), volatility)
    return gamma, vega, -mp.diff(lambda t: price(spot, t, volatility), years)


@known
def implied_volatility(*args):
    price, spot, strike, years, rate = map(mpf, args)

    def off(v):
        d1, d2 = d1_d2(spot, strike, years, rate, v)
        return spot * cdf(d1) - strike * mp.exp(-rate * years) * cdf(d2) - price

    return mp.findroot(off, 0.3)


# Sets and spheres, atoms and polynomials.


def escape(re, im, limit):
    x = y = 0.0
    for count in range(limit):
        if not x * x + y * y <= 4.0:
            return count
        x, y = x * x - y * y + re, 2.0 * x * y + im
    return limit


KNOWN["mandelbrot"] = KNOWN["mandelbrot_loop"] = escape


@known
def mandelbrot_with_little_fuel(re, im):
    count = escape(re, im, 1000)
    if count > 100:
        raise Fails("FB-0506")
    return count


@known
def escape_time(re, im, limit):
    count = escape(re, im, max(limit, 0))
    return -1 if count == max(limit, 0) else count


@known
def haversine(*args):
    # The angle between two unit vectors, which is another formula.
    lat1, lon1, lat2, lon2 = (mp.radians(mpf(x)) for x in args)

    def at(lat, lon):
        return mp.matrix([mp.cos(lat) * mp.cos(lon), mp.cos(lat) * mp.sin(lon), mp.sin(lat)])

    return mpf(6371.0088) * 2 * mp.asin(mp.norm(at(lat1, lon1) - at(lat2, lon2)) / 2)


@known
def bearing(*args):
    lat1, lon1, lat2, lon2 = (mp.radians(mpf(x)) for x in args)
    y = mp.sin(lon2 - lon1) * mp.cos(lat2)
    x = mp.cos(lat1) * mp.sin(lat2) - mp.sin(lat1) * mp.cos(lat2) * mp.cos(lon2 - lon1)
    return mp.degrees(mp.atan2(y, x)) % 360


@known
def lennard_jones(distance, epsilon, sigma):
    if distance == 0:
        return math.nan, math.nan
    if math.isinf(distance):
        return 0.0, 0.0

    def energy(r):
        return 4 * mpf(epsilon) * ((mpf(sigma) / r) ** 12 - (mpf(sigma) / r) ** 6)

    return energy(mpf(distance)), -mp.diff(energy, mpf(distance))


@known
def energy_at(x, y, z, atoms, cutoff):
    total = mpf(0)
    for at in range(0, len(atoms), 3):
        r = mp.norm([mpf(atoms[at]) - x, mpf(atoms[at + 1]) - y, mpf(atoms[at + 2]) - z])
        if 0 < r < cutoff:
            total += 4 * (r**-12 - r**-6)
    return total


@known
def horner(x, c3, c2, c1, c0):
    return ((c3 * x + c2) * x + c1) * x + c0


@known
def polynomial(x, coefficients):
    value = 0.0
    for c in reversed(coefficients):
        value = value * x + c
    return value


@known
def polynomial_fma(x, coefficients):
    value = 0.0
    for c in reversed(coefficients):
        with mp.workprec(2200):
            exact = mpf(value) * mpf(x) + mpf(c)
        value = float(exact)
    return value


@known
def clenshaw(x, coefficients):
    if not coefficients:
        raise Fails("FB-0505")
    b1 = b2 = 0.0
    for c in coefficients[:0:-1]:
        b1, b2 = 2.0 * x * b1 - b2 + c, b1
    value = x * b1 - b2 + coefficients[0]
    exact = sum(mpf(c) * mp.chebyt(k, mpf(x)) for k, c in enumerate(coefficients))
    assert abs(value - exact) < 1e-14
    return value


@known
def legendre(degree, x):
    return mp.legendre(degree, mpf(x))


@known
def exp_series(x):
    return mp.exp(mpf(x))


# Checksums.


@known
def crc16_arc(data):
    # The reflected form of a polynomial division by x^16 + x^15 + x^2 + 1.
    bits = [byte >> i & 1 for byte in data for i in range(8)] + [0] * 16
    register = 0
    for bit in bits:
        carry = register >> 15
        register = (register << 1 & 0xFFFF) | bit
        if carry:
            register ^= 0x8005
    return int(f"{register:016b}"[::-1], 2)


@known
def crc16_ccitt(data, start):
    return binascii.crc_hqx(bytes(data), start)


@known
def crc32(data):
    return zlib.crc32(bytes(data))


@known
def adler32(data):
    return zlib.adler32(bytes(data))


@known
def fletcher16(data):
    low = sum(data) % 255
    high = sum(byte * (len(data) - i) for i, byte in enumerate(data)) % 255
    return high << 8 | low


@known
def fnv1a(data):
    value = 0xCBF29CE484222325
    for byte in data:
        value = (value ^ byte) * 0x100000001B3 % 2**64
    return value


KNOWN["fnv1a_wrapping"] = fnv1a


@known
def luhn(digits):
    doubled = [sum(divmod(2 * d, 10)) for d in digits[-2::-2]]
    return (sum(digits[::-2]) + sum(doubled)) % 10


# Lists.


@known
def logsumexp(x):
    return mp.log(sum(mp.exp(mpf(v)) for v in x)) if x else -math.inf


@known
def softmax(x):
    total = sum(mp.exp(mpf(v)) for v in x)
    return ([mp.exp(mpf(v)) / total for v in x],)


KNOWN["softmax_f32"] = softmax


@known
def entropy(weights):
    if min(weights) < 0:
        raise Fails("FB-0509")
    total = sum(map(mpf, weights))
    return -sum(w / total * mp.log(w / total, 2) for w in map(mpf, weights) if w)


def in_order(products):
    total = 0.0
    for product in products:
        total = total + product
    return total


def alike(*lists):
    if len({len(x) for x in lists}) > 1:
        raise Fails("FB-0507")


@known
def dot(a, b):
    alike(a, b)
    return in_order(x * y for x, y in zip(a, b))


KNOWN["dot_by_iterators"] = dot


@known
def dot_i32(a, b):
    return sum(x * y for x, y in zip(a, b))


@known
def cosine(a, b):
    a, b = list(map(mpf, a)), list(map(mpf, b))
    norms = mp.norm(a) * mp.norm(b) if a else 0
    return mp.fdot(a, b) / norms if norms else math.nan


@known
def norm(x):
    return mp.norm(list(map(mpf, x)))


@known
def variance(x):
    x = list(map(mpf, x))
    mean = sum(x) / len(x)
    return mean, sum((v - mean) ** 2 for v in x) / (len(x) - 1) if len(x) > 1 else None


@known
def compensated_sum(x):
    return math.fsum(x)


@known
def cross(a, b):
    return ([a[i - 2] * b[i - 1] - a[i - 1] * b[i - 2] for i in range(3)],)


@known
def nearest(x, y, points):
    pairs = zip(points[::2], points[1::2])
    return min((mp.hypot(mpf(px) - x, mpf(py) - y) for px, py in pairs), default=None)


@known
def spmv_row(values, columns, x):
    alike(values, columns)
    if any(c >= len(x) for c in columns):
        raise Fails("FB-0505")
    return in_order(v * x[c] for v, c in zip(values, columns))


@known
def spmv(starts, columns, values, x):
    if starts and starts[-1] > len(values):
        raise Fails("FB-0505")
    dense = [[0.0] * len(x) for _ in starts[1:]]
    for row, (begin, end) in enumerate(zip(starts, starts[1:])):
        for k in range(begin, end):
            dense[row][columns[k]] = values[k]
    order = [columns[begin:end] for begin, end in zip(starts, starts[1:])]
    return ([in_order(row[c] * x[c] for c in cs) for row, cs in zip(dense, order)],)


@known
def sparse_dot(ai, av, bi, bv):
    a, b = dict(zip(ai, av)), dict(zip(bi, bv))
    return sum((np.float32(a[i]) * np.float32(b[i]) for i in sorted(a.keys() & b.keys())), np.float32(0))


@known
def moving_average(x):
    return ([(x[i] + x[i + 1] + x[i + 2]) / 3.0 for i in range(len(x) - 2)],)


KNOWN["moving_average_by_windows"] = moving_average


@known
def trailing_mean(x, width):
    out = []
    for i in range(len(x)):
        window = x[max(0, i + 1 - width) : i + 1]
        out.append(float(np.float64(in_order(window)) / np.float64(len(window))))
    return (out,)


@known
def smooth(x, alpha):
    out = []
    for v in x:
        out.append(alpha * v + (1.0 - alpha) * out[-1] if out else v)
    return (out,)


@known
def differences(x):
    out = np.diff(np.array(x, dtype=object)).tolist() if x else []
    if any(not -(2**63) <= d < 2**63 for d in out):
        raise Fails("FB-0501")
    return (out,)


@known
def running_sum(x):
    return (np.cumsum(np.array(x, dtype=np.int64)).tolist(),)


@known
def median3(x):
    middle = [sorted(x[i - 1 : i + 2])[1] for i in range(1, len(x) - 1)]
    return (x[:1] + middle + x[-1:] if len(x) > 1 else x,)


@known
def peaks(x):
    return sum(a < b > c for a, b, c in zip(x, x[1:], x[2:]))


@known
def bin_(x, edges):
    at = bisect.bisect_right(edges, x) - 1
    return at if 0 <= at < len(edges) - 1 and not math.isnan(x) else None


@known
def lower_bound(key, values):
    return bisect.bisect_left(values, key)


@known
def interpolate(xs, ys, x):
    if not xs:
        raise Fails("FB-0505")
    if x <= xs[0] or x >= xs[-1]:
        return ys[0] if x <= xs[0] else ys[-1]
    i = bisect.bisect_right(xs, x)
    t = (x - xs[i - 1]) / (xs[i] - xs[i - 1])
    return ys[i - 1] + t * (ys[i] - ys[i - 1])


@known
def argmax(x):
    return int(np.argmax(x)) if x else None


@known
def any_all(x, limit):
    return any(v > limit for v in x), all(v > limit for v in x)


@known
def second(x):
    different = sorted(set(x))
    return different[1] if len(different) > 1 else None


# What is not known.


@known
def and_(a, b):
    if a is False or b is False:
        return False
    return None if a is None or b is None else True


@known
def or_(a, b):
    if a is True or b is True:
        return True
    return None if a is None or b is None else False


@known
def not_(a):
    return None if a is None else not a


@known
def methods(a, b):
    return and_(a, b), or_(a, b), not_(a)


@known
def coalesce(a, b, otherwise):
    return next(v for v in (a, b, otherwise) if v is not None)


@known
def null_if(a, b):
    return None if a == b else a


@known
def is_distinct_from(a, b):
    return a != b


@known
def safe_div(a, b):
    return a / b if b else None


@known
def safe_div_i32(a, b):
    if b == 0 or (a, b) == (-(2**31), -1):
        return None
    return int(a / b)


@known
def null_on_error(a, b):
    return int((a + 1) / b) if b and a + 1 < 2**63 else None


@known
def sum_of_known(*values):
    there = [v for v in values if v is not None]
    return in_order(there) if there else None


@known
def masked_mean(x, mask):
    alike(x, mask)
    there = [v for v, m in zip(x, mask) if m]
    return in_order(there) / len(there) if there else None


@known
def choose(mask, a, b):
    alike(mask, a, b)
    return (np.where(np.array(mask, bool), np.array(a, int), np.array(b, int)).tolist(),)


@known
def winsor(x, low, high):
    return (x - low) / (high - low) if low <= x <= high else None


# Ladders.


@known
def tax(income):
    if not income > 0:
        return 0.0 if income <= 0 else 16290.0 + 0.24 * (income - 95375.0)
    edges, bases, rates = [0.0, 11000.0, 44725.0, 95375.0], [0.0, 1100.0, 5147.0, 16290.0], [0.1, 0.12, 0.22, 0.24]
    at = bisect.bisect_left(edges, income) - 1
    return bases[at] + rates[at] * (income - edges[at])


@known
def days_in_month(year, month):
    if not 1 <= month <= 12:
        return None
    first = datetime.date(year, month, 1)
    return ((first + datetime.timedelta(days=40)).replace(day=1) - first).days


@known
def beaufort(kmh):
    tops = [-1, 0, 5, 11, 19, 28, 38, 49, 61, 74, 88, 102, 117]
    return bisect.bisect_left(tops, kmh) - 1


@known
def tariff(zone, night, kwh):
    if zone == 0:
        return 0
    if kwh is None:
        return -1
    if zone == 1 and night:
        return 11 * kwh
    if zone == 1 and kwh > 1000:
        return 19 * kwh - 2000
    return 17 * kwh if zone in (1, 2) and not night else 23 * kwh


@known
def step(opcode, value):
    operand = opcode % 16
    if opcode // 16 == 4 and operand == 0:
        raise Fails("FB-0502")
    steps = {
        0: lambda: value,
        1: lambda: value + operand,
        2: lambda: value - operand,
        3: lambda: value * operand,
        4: lambda: int(value / operand),
        5: lambda: value * 2**operand,
        6: lambda: value // 2**operand,
        7: lambda: -1 - value,
    }
    rest = {0: lambda: -value, 1: lambda: abs(value)}
    if opcode // 16 in steps:
        result = steps[opcode // 16]()
    elif opcode // 16 < 12:
        result = rest.get(operand, lambda: int(math.fmod(value, operand)))()
    else:
        result = operand
    if not -(2**31) <= result < 2**31:
        raise Fails("FB-0501")
    return result


# Numbers.


@known
def newton_sqrt(x):
    return math.nan if x < 0 else x if x == 0 or math.isinf(x) else mp.sqrt(mpf(x))


KNOWN["gcd"] = KNOWN["binary_gcd"] = math.gcd


@known
def collatz(n):
    steps = 0
    while n > 1:
        n, steps = (3 * n + 1 if n % 2 else n // 2), steps + 1
        if n >= 2**64:
            raise Fails("FB-0501")
    return steps


@known
def popcount(x):
    return (x.bit_count(),) * 3


@known
def next_power_of_two(x):
    power = 1
    while power < x:
        power *= 2
    return power if power < 2**32 else None


@known
def gray(x):
    return x ^ x >> 1, x


@known
def morton(x, y):
    return int("".join(b + a for a, b in zip(f"{x:016b}", f"{y:016b}")), 2)


@known
def pow_mod(base, exponent, modulus):
    if modulus == 0:
        raise Fails("FB-0502")
    if base % modulus > 2**32 - 1 and modulus > 2**32:
        raise Fails("FB-0501")
    return pow(base, exponent, modulus)


@known
def is_prime(n):
    return n > 1 and all(n % d for d in range(2, math.isqrt(n) + 1))


@known
def fibonacci(n):
    value = int(mp.nint(mp.fib(n)))
    # The sum is one step ahead of what is returned.
    if int(mp.nint(mp.fib(n + 1))) >= 2**64:
        raise Fails("FB-0501")
    return value


@known
def reverse_digits(n):
    back = int(str(abs(n))[::-1]) * (1 if n >= 0 else -1)
    return back if -(2**31) <= back < 2**31 else None


@known
def dottie(low, high):
    return mp.findroot(lambda x: mp.cos(x) - x, 0.7)


# The calendar.


def date(days):
    return EPOCH + datetime.timedelta(days=days)


def days(on):
    return (on - EPOCH).days


def leap(year):
    return datetime.date(year, 12, 31).timetuple().tm_yday == 366


KNOWN["is_leap"] = leap


@known
def fields(at):
    on = date(at)
    return on.year, on.month, on.day, on.timetuple().tm_yday, on.weekday(), on.isocalendar().week, leap(on.year)


@known
def add_months(at, months):
    on = date(at)
    year, month = divmod(on.year * 12 + on.month - 1 + months, 12)
    for last in range(on.day, 0, -1):
        try:
            return days(datetime.date(year, month + 1, last))
        except ValueError:
            pass


@known
def days_between(start, end):
    return (date(end) - date(start)).days


@known
def age(born, on):
    born, on = date(born), date(on)
    return sum((y, born.month, born.day) <= (on.year, on.month, on.day) for y in range(born.year + 1, on.year + 1))


@known
def clock(at):
    when = datetime.datetime(1970, 1, 1) + datetime.timedelta(microseconds=at)
    return when.year, when.month, when.day, when.hour, when.minute, when.second


@known
def working_seconds(start, end):
    def worked(at):
        clock = (datetime.datetime(1970, 1, 1) + datetime.timedelta(seconds=at)).time()
        clipped = min(max(clock, datetime.time(9)), datetime.time(17))
        return clipped.hour * 3600 + clipped.minute * 60 + clipped.second

    return worked(end) - worked(start)


# Comparisons of every pair of types, the first cast to the second.

NUMBERS = {
    **{f"i{bits}": np.dtype(f"int{bits}") for bits in (8, 16, 32, 64)},
    **{f"u{bits}": np.dtype(f"uint{bits}") for bits in (8, 16, 32, 64)},
    "f32": np.dtype("float32"),
    "f64": np.dtype("float64"),
}


def cast(value, source, target):
    """`value as target`, for a Python number that `source` holds exactly."""
    if target in FAR:
        return float(np.array(value, NUMBERS[source]).astype(NUMBERS[target]))
    low, high = int(np.iinfo(NUMBERS[target]).min), int(np.iinfo(NUMBERS[target]).max)
    if source in FAR:
        return 0 if math.isnan(value) else int(max(low, min(high, value)))
    return (value - low) % (high - low + 1) + low


def comparison(source, target):
    def compare(a, b):
        a = cast(a, source, target)
        return a < b, a == b, a > b

    return compare


for pair in ((a, b) for a in NUMBERS for b in NUMBERS):
    KNOWN["_".join(pair)] = comparison(*pair)


def corners(ty):
    """Values of a type at which comparisons change their mind."""
    if ty in FAR:
        return [-0.5, 0.0, 1.5, 255.0, 16777216.0, -1e30, math.inf, math.nan]
    info = np.iinfo(NUMBERS[ty])
    return [0, 1, int(info.max), int(info.min), int(info.max) // 2 + 1, 16777217 % (int(info.max) + 1)]


def comparisons():
    yield "// Every pair of number types: the first is cast to the second and compared with it. Written by"
    yield "// tests/oracle/field.py --comparisons, with expectations from Python and NumPy."
    for source in NUMBERS:
        for target in NUMBERS:
            name = f"{source}_{target}"
            yield f"\n#[kernel]\nfn {name}(a: {source}, b: {target}) -> (bool, bool, bool) {{"
            yield f"    let a = a as {target};\n    (a < b, a == b, a > b)\n}}"
            others = corners(target)
            for at, a in enumerate(corners(source)):
                same = cast(a, source, target)
                b = others[at % len(others)] if at % 2 and not math.isnan(same) else same
                words = computed(name, [stored(a, source), stored(b, target)], ["bool"] * 3)
                yield f"//~ {name}({show(a, source)}, {show(b, target)}) = {words}"


# The lines.


def arguments(text):
    """Python's values of the arguments; lists of lists are flat."""
    text = re.sub(r"\bnull\b", "None", text)
    text = text.replace("true", "True").replace("false", "False")
    values = eval(f"[{text}]", {"nan": math.nan, "inf": math.inf})
    flat = lambda v: [x for row in v for x in row] if isinstance(v, list) and v and isinstance(v[0], list) else v
    return [flat(v) for v in values]


def stored(value, param):
    """The value as a parameter of this type has it."""
    if "f32" not in param or value is None:
        return value
    return [float(np.float32(v)) for v in value] if isinstance(value, list) else float(np.float32(value))


def show(value, ty):
    """As Rust writes it."""
    if value is None:
        return "null"
    if isinstance(value, list):
        return f"[{', '.join(show(v, ty) for v in value)}]"
    if isinstance(value, (bool, np.bool_)):
        return str(bool(value)).lower()
    if ty not in FAR:
        return str(int(value))
    number = np.float32(float(value)) if ty == "f32" else np.float64(float(value))
    if not np.isfinite(number):
        return str(number).lower()
    exponent = math.floor(math.log10(abs(number))) if number else 0
    if number and not -5 <= exponent < 16:
        mantissa, exponent = np.format_float_scientific(number, trim="-").split("e")
        return f"{mantissa}e{int(exponent)}"
    return np.format_float_positional(number, trim="0", unique=True)


def signature(source, name):
    return re.search(rf"^fn {name}\((.*?)\)(?: -> (.*?))? \{{", source, re.M | re.S).groups()


def split(params):
    return re.findall(r"\w+: (.*?)(?:, (?=\w+:)|$)", params)


def result_types(source, name):
    params, result = signature(source, name)
    if result is None:
        return re.findall(r"&mut \[(\w+)\]", params)
    return re.findall(r"bool|[iuf]\d+|[iu]size|Date32", result.replace("; 3]", "]"))


def computed(kernel, args, types):
    try:
        values = KNOWN[kernel](*args)
    except Fails as fault:
        return fault.args[0]
    values = values if isinstance(values, tuple) else (values,)
    words = [show(value, ty) for value, ty in zip(values, types, strict=True)]
    if all(word == "null" for word in words):
        return "null"
    return words[0] if len(words) == 1 else f"({', '.join(words)})"


def is_near(text, other, types):
    """Whether two results differ by no more than printing them does."""
    numbers = [[float(n) for n in re.findall(r"-?(?:\d[\d.e+-]*|inf|nan)", t)] for t in (text, other)]
    return len(numbers[0]) == len(numbers[1]) and all(
        a == b or math.isclose(a, b, rel_tol=FAR.get(types[0], 0)) for a, b in zip(*numbers)
    )


def check(path, fill):
    source = open(path).read()
    if "tests/oracle/field.py" not in source:
        return 0
    wrong, lines = 0, source.split("\n")
    for at, line in enumerate(lines):
        match = re.fullmatch(r"//~ (\w+)\((.*?)\) (=|~\S*) (.*)", line)
        if not match:
            continue
        kernel, args, relation, said = match.groups()
        params, types = split(signature(source, kernel)[0]), result_types(source, kernel)
        args = [stored(arg, param) for arg, param in zip(arguments(args), params)]
        if kernel not in KNOWN:
            if said == "?":
                raise SystemExit(f"{path}:{at + 1}: nothing is known of {kernel}")
            continue
        null = any(arg is None and "Option" not in param for arg, param in zip(args, params))
        result = "null" if null else computed(kernel, args, types)
        if said == "?" and fill:
            lines[at] = line[:-1] + result
        elif said != result and (relation == "=" or not is_near(said, result, types)):
            wrong += 1
            print(f"{path}:{at + 1}: {line}\n    here: {result}")
    if fill:
        open(path, "w").write("\n".join(lines))
    return wrong


if __name__ == "__main__":
    if sys.argv[1:] == ["--comparisons"]:
        print(*comparisons(), sep="\n")
        sys.exit()
    fill = sys.argv[1] != "--check"
    sys.exit(1 if sum([check(path, fill) for path in sys.argv[1 if fill else 2 :]]) else 0)
