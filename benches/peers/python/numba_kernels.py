"""The kernels as one writes them for Numba: each function gives a compiled loop over arrays of a type. Constants
have that type, so that f32 stays f32."""

import math

import numpy as np
from numba import njit, prange


def saxpy(T, jit):
    a = T(2.5)

    @jit
    def kernel(x, y, out):
        for i in prange(out.size):
            out[i] = a * x[i] + y[i]

    return kernel


def poly7(T, jit):
    c0, c1, c2, c3 = T(0.88), T(0.77), T(0.66), T(0.55)
    c4, c5, c6, c7 = T(0.44), T(0.33), T(0.22), T(0.11)

    @jit
    def kernel(x, out):
        for i in prange(out.size):
            v = x[i]
            out[i] = ((((((c7 * v + c6) * v + c5) * v + c4) * v + c3) * v + c2) * v + c1) * v + c0

    return kernel


def sum_(T, jit):
    zero = T(0)

    @jit
    def kernel(x, out):
        total = zero
        for i in prange(x.size):
            total += x[i]
        out[0] = total

    return kernel


def dot(T, jit):
    zero = T(0)

    @jit
    def kernel(x, y, out):
        total = zero
        for i in prange(x.size):
            total += x[i] * y[i]
        out[0] = total

    return kernel


def haversine(T, jit):
    half, diameter = T(0.5), T(12742)

    @jit
    def kernel(lat1, lon1, lat2, lon2, out):
        for i in prange(out.size):
            s1 = math.sin((lat2[i] - lat1[i]) * half)
            s2 = math.sin((lon2[i] - lon1[i]) * half)
            a = s1 * s1 + math.cos(lat1[i]) * math.cos(lat2[i]) * (s2 * s2)
            out[i] = diameter * math.asin(math.sqrt(a))

    return kernel


def priced(T, jit, normal):
    """Black-Scholes with this distribution."""
    rate, volatility, drift = T(0.02), T(0.3), T(0.02 + 0.5 * 0.3 * 0.3)

    @jit
    def kernel(spot, strike, years, out):
        for i in prange(out.size):
            spread = volatility * math.sqrt(years[i])
            d1 = (math.log(spot[i] / strike[i]) + drift * years[i]) / spread
            d2 = d1 - spread
            out[i] = spot[i] * normal(d1) - strike[i] * math.exp(-rate * years[i]) * normal(d2)

    return kernel


def black_scholes(T, jit):
    zero, half, one, slope, scale = T(0), T(0.5), T(1), T(0.2316419), T(0.3989422804014327)
    c1, c2, c3, c4, c5 = T(0.31938153), T(-0.356563782), T(1.781477937), T(-1.821255978), T(1.330274429)

    @inner(jit)
    def normal(d):
        k = one / (one + slope * abs(d))
        p = k * (c1 + k * (c2 + k * (c3 + k * (c4 + k * c5))))
        tail = scale * math.exp(-half * d * d) * p
        return one - tail if d > zero else tail

    return priced(T, jit, normal)


def black_scholes_erfc(T, jit):
    half, scale = T(0.5), T(-math.sqrt(0.5))

    @inner(jit)
    def normal(d):
        return half * math.erfc(d * scale)

    return priced(T, jit, normal)


def mandelbrot(T, jit):
    zero, four = T(0), T(4)

    @jit
    def kernel(cx, cy, out):
        for i in prange(out.size):
            x, y, n = zero, zero, 0
            while n < 256 and x * x + y * y <= four:
                x, y = x * x - y * y + cx[i], x * y + x * y + cy[i]
                n += 1
            out[i] = n

    return kernel


def branch(T, jit):
    half, one, two = T(0.5), T(1), T(2)

    @jit
    def kernel(x, out):
        for i in prange(out.size):
            v = x[i]
            out[i] = two * math.sqrt(v) if v > half else v * v - one

    return kernel


def mix(T, jit):
    a, c = np.uint64(6364136223846793005), np.uint64(1442695040888963407)
    b, s33, s29 = np.uint64(0xFF51AFD7ED558CCD), np.uint64(33), np.uint64(29)

    @jit
    def kernel(keys, out):
        for i in prange(out.size):
            z = np.uint64(keys[i]) * a + c
            z = (z ^ (z >> s33)) * b
            out[i] = np.int64(z ^ (z >> s29))

    return kernel


def stencil(T, jit):
    quarter, half = T(0.25), T(0.5)

    @jit
    def kernel(x, out):
        for i in prange(out.size):
            out[i] = quarter * x[i] + half * x[i + 1] + quarter * x[i + 2]

    return kernel


def add(T, jit):
    @jit
    def kernel(x, y, out):
        for i in prange(out.size):
            out[i] = x[i] + y[i]

    return kernel


def rational(T, jit):
    c, d = T(1.5), T(2)

    @jit
    def kernel(x, y, out):
        for i in prange(out.size):
            out[i] = ((x[i] * y[i] + x[i]) * y[i] + c) / (x[i] * x[i] + y[i] * y[i] + d)

    return kernel


def celsius(T, jit):
    c, d = T(32), T(1.8)

    @jit
    def kernel(x, out):
        for i in prange(out.size):
            out[i] = (x[i] - c) / d

    return kernel


def lennard_jones(T, jit):
    one, four = T(1), T(4)

    @jit
    def kernel(dx, dy, dz, out):
        for i in prange(out.size):
            inverse = one / (dx[i] * dx[i] + dy[i] * dy[i] + dz[i] * dz[i])
            six = inverse * inverse * inverse
            out[i] = four * six * (six - one)

    return kernel


def logistic(T, jit):
    one = T(1)

    @jit
    def kernel(r, start, out):
        for i in prange(out.size):
            x, s = start[i], r[i]
            for _ in range(200):
                x = s * x * (one - x)
            out[i] = x

    return kernel


def softmax(T, jit):
    zero = T(0)

    @jit
    def kernel(x, out):
        for row in prange(out.size // 16):
            start = row * 16
            top = x[start]
            for i in range(start + 1, start + 16):
                top = max(top, x[i])
            total = zero
            for i in range(start, start + 16):
                e = math.exp(x[i] - top)
                out[i] = e
                total += e
            for i in range(start, start + 16):
                out[i] /= total

    return kernel


def nearest(T, jit):
    centres_x = np.array([0.1, 0.9, 0.3, 0.7, 0.5, 0.2, 0.8, 0.4], T)
    centres_y = np.array([0.2, 0.4, 0.9, 0.1, 0.6, 0.8, 0.3, 0.7], T)
    centres_z = np.array([0.5, 0.3, 0.2, 0.9, 0.1, 0.7, 0.6, 0.4], T)
    far = T(100)

    @jit
    def kernel(x, y, z, out):
        for i in prange(out.size):
            best = far
            for c in range(8):
                dx, dy, dz = x[i] - centres_x[c], y[i] - centres_y[c], z[i] - centres_z[c]
                best = min(best, dx * dx + dy * dy + dz * dz)
            out[i] = math.sqrt(best)

    return kernel


def inner(jit):
    """For functions of one row: the same options, but no threads."""
    return njit(**{**jit.keywords, "parallel": False})


def both_valid(jit):
    """A row of the result is there if it is in both columns."""

    @jit
    def bits(x, y, out):
        for i in prange(out.size):
            out[i] = x[i] & y[i]

    return bits


def bit_by_bit(function, T, jit):
    """Nulls as one writes them without thinking of words: each row looks at its bits."""
    if function == "add":

        @jit
        def kernel(x, y, x_valid, y_valid, out, out_valid):
            out_valid[:] = 0
            for i in range(out.size):
                if (x_valid[i >> 3] & y_valid[i >> 3]) >> (i & 7) & 1:
                    out[i] = x[i] + y[i]
                    out_valid[i >> 3] |= 1 << (i & 7)

        return kernel
    c, d = T(1.5), T(2)

    @jit
    def kernel(x, y, x_valid, y_valid, out, out_valid):
        out_valid[:] = 0
        for i in range(out.size):
            if (x_valid[i >> 3] & y_valid[i >> 3]) >> (i & 7) & 1:
                out[i] = ((x[i] * y[i] + x[i]) * y[i] + c) / (x[i] * x[i] + y[i] * y[i] + d)
                out_valid[i >> 3] |= 1 << (i & 7)

    return kernel


KERNELS = {
    "saxpy": saxpy,
    "poly7": poly7,
    "sum": sum_,
    "dot": dot,
    "haversine": haversine,
    "black_scholes": black_scholes,
    "black_scholes_erfc": black_scholes_erfc,
    "mandelbrot": mandelbrot,
    "branch": branch,
    "mix": mix,
    "stencil": stencil,
    "add": add,
    "rational": rational,
    "celsius": celsius,
    "lennard_jones": lennard_jones,
    "logistic": logistic,
    "softmax": softmax,
    "nearest": nearest,
}
