"""NumPy and NumExpr, as their users write: whole expressions over arrays. What has no natural form is left out."""

import numexpr
import numpy as np

from worker import version

RATE, VOLATILITY = 0.02, 0.3
DRIFT = RATE + 0.5 * VOLATILITY * VOLATILITY
CENTRES = [
    (0.1, 0.2, 0.5), (0.9, 0.4, 0.3), (0.3, 0.9, 0.2), (0.7, 0.1, 0.9),
    (0.5, 0.6, 0.1), (0.2, 0.8, 0.7), (0.8, 0.3, 0.6), (0.4, 0.7, 0.4),
]  # fmt: skip


def haversine(lat1, lon1, lat2, lon2):
    s1, s2 = np.sin((lat2 - lat1) * 0.5), np.sin((lon2 - lon1) * 0.5)
    a = s1 * s1 + np.cos(lat1) * np.cos(lat2) * (s2 * s2)
    return 12742.0 * np.arcsin(np.sqrt(a))


def normal(d):
    k = 1.0 / (1.0 + 0.2316419 * np.abs(d))
    p = k * (0.31938153 + k * (-0.356563782 + k * (1.781477937 + k * (-1.821255978 + k * 1.330274429))))
    tail = 0.3989422804014327 * np.exp(-0.5 * d * d) * p
    return np.where(d > 0.0, 1.0 - tail, tail)


def black_scholes(spot, strike, years):
    spread = VOLATILITY * np.sqrt(years)
    d1 = (np.log(spot / strike) + DRIFT * years) / spread
    d2 = d1 - spread
    return spot * normal(d1) - strike * np.exp(-RATE * years) * normal(d2)


def mix(keys):
    z = keys.view(np.uint64) * np.uint64(6364136223846793005) + np.uint64(1442695040888963407)
    z = (z ^ (z >> np.uint64(33))) * np.uint64(0xFF51AFD7ED558CCD)
    return (z ^ (z >> np.uint64(29))).view(np.int64)


def lennard_jones(dx, dy, dz):
    inverse = 1.0 / (dx * dx + dy * dy + dz * dz)
    six = inverse * inverse * inverse
    return 4.0 * six * (six - 1.0)


def logistic(r, x):
    for _ in range(200):
        x = r * x * (1.0 - x)
    return x


def softmax(x):
    rows = x.reshape(-1, 16)
    e = np.exp(rows - rows.max(axis=1, keepdims=True))
    return (e / e.sum(axis=1, keepdims=True)).ravel()


def nearest(x, y, z):
    squared = [(x - a) ** 2 + (y - b) ** 2 + (z - c) ** 2 for a, b, c in CENTRES]
    return np.sqrt(np.minimum.reduce(squared))


NUMPY = {
    "saxpy": lambda x, y: 2.5 * x + y,
    "poly7": lambda x: ((((((0.11 * x + 0.22) * x + 0.33) * x + 0.44) * x + 0.55) * x + 0.66) * x + 0.77) * x + 0.88,
    "sum": lambda x: x.sum(),
    "dot": lambda x, y: x @ y,
    "haversine": haversine,
    "black_scholes": black_scholes,
    "branch": lambda x: np.where(x > 0.5, 2.0 * np.sqrt(x), x * x - 1.0),
    "mix": mix,
    "stencil": lambda x: 0.25 * x[:-2] + 0.5 * x[1:-1] + 0.25 * x[2:],
    "add": lambda x, y: x + y,
    "rational": lambda x, y: ((x * y + x) * y + 1.5) / (x * x + y * y + 2.0),
    "celsius": lambda x: (x - 32.0) / 1.8,
    "lennard_jones": lennard_jones,
    "logistic": logistic,
    "softmax": softmax,
    "nearest": nearest,
}

NORMAL = (
    "where({d} > 0, 1 - {tail}, {tail})",
    "(0.3989422804014327 * exp(-0.5*{d}*{d}) * {p})",
    "({k} * (0.31938153 + {k} * (-0.356563782 + {k} * (1.781477937 + {k} * (-1.821255978 + {k} * 1.330274429)))))",
    "(1 / (1 + 0.2316419 * abs({d})))",
)


def normal_text(d):
    whole, tail, p, k = NORMAL
    k = k.format(d=d)
    return whole.format(d=d, tail=tail.format(d=d, p=p.format(k=k)))


D1 = f"((log(a/b) + {DRIFT}*c) / ({VOLATILITY}*sqrt(c)))"
D2 = f"({D1} - {VOLATILITY}*sqrt(c))"

# Columns are a, b, c, d.
NUMEXPR = {
    "saxpy": "2.5*a + b",
    "poly7": "((((((0.11*a + 0.22)*a + 0.33)*a + 0.44)*a + 0.55)*a + 0.66)*a + 0.77)*a + 0.88",
    "sum": "sum(a)",
    "dot": "sum(a*b)",
    "haversine": "12742*arcsin(sqrt(sin((c - a)*0.5)**2 + cos(a)*cos(c)*sin((d - b)*0.5)**2))",
    "black_scholes": f"a*{normal_text(D1)} - b*exp(-{RATE}*c)*{normal_text(D2)}",
    "branch": "where(a > 0.5, 2*sqrt(a), a*a - 1)",
    "add": "a + b",
    "rational": "((a*b + a)*b + 1.5) / (a*a + b*b + 2.0)",
    "celsius": "(a - 32.0) / 1.8",
    "lennard_jones": "4*(1/(a*a + b*b + c*c))**3 * ((1/(a*a + b*b + c*c))**3 - 1)",
}


class Peer:
    def versions(self):
        return [version("numexpr")]

    def variants(self, data):
        names = ["numpy"] if data.function in NUMPY else []
        # Its constants are f64, so that it has no f32 of its own.
        if data.function in NUMEXPR and data.ty == np.float64:
            names.append("numexpr")
        return names

    def build(self, variant, data, threads):
        one = self.numpy(data) if variant == "numpy" else self.numexpr(data, threads)

        def run(times):
            for _ in range(times):
                data.result = one()
                if data.valid is not None:
                    np.bitwise_and(*data.valid, out=data.out_valid)

        def finish():
            data.out[:] = data.result

        return run, finish

    def numpy(self, data):
        function = NUMPY[data.function]
        return lambda: function(*data.inputs)

    def numexpr(self, data, threads):
        text = NUMEXPR[data.function]
        columns = dict(zip("abcd", data.inputs))

        def one():
            numexpr.set_num_threads(threads)
            return numexpr.evaluate(text, local_dict=columns)

        return one
