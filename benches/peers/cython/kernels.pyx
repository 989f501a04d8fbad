# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""The kernels for Cython, of f64: typed memoryviews, C loops, repeated inside compiled code."""

from libc.math cimport asin, cos, erfc, exp, fabs, log, sin, sqrt
from libc.stdint cimport int32_t, int64_t, uint8_t, uint64_t

from cython import __version__ as __cython_version__


cdef void saxpy(double[::1] x, double[::1] y, double[::1] out) noexcept nogil:
    cdef Py_ssize_t i
    for i in range(out.shape[0]):
        out[i] = 2.5 * x[i] + y[i]


def saxpy_(Py_ssize_t times, double[::1] x, double[::1] y, double[::1] out):
    for _ in range(times):
        saxpy(x, y, out)


cdef void poly7(double[::1] x, double[::1] out) noexcept nogil:
    cdef Py_ssize_t i
    cdef double v
    for i in range(out.shape[0]):
        v = x[i]
        out[i] = ((((((0.11 * v + 0.22) * v + 0.33) * v + 0.44) * v + 0.55) * v + 0.66) * v + 0.77) * v + 0.88


def poly7_(Py_ssize_t times, double[::1] x, double[::1] out):
    for _ in range(times):
        poly7(x, out)


cdef void sum(double[::1] x, double[::1] out) noexcept nogil:
    cdef Py_ssize_t i
    cdef double total = 0
    for i in range(x.shape[0]):
        total += x[i]
    out[0] = total


def sum_(Py_ssize_t times, double[::1] x, double[::1] out):
    for _ in range(times):
        sum(x, out)


cdef void dot(double[::1] x, double[::1] y, double[::1] out) noexcept nogil:
    cdef Py_ssize_t i
    cdef double total = 0
    for i in range(x.shape[0]):
        total += x[i] * y[i]
    out[0] = total


def dot_(Py_ssize_t times, double[::1] x, double[::1] y, double[::1] out):
    for _ in range(times):
        dot(x, y, out)


cdef void haversine(double[::1] lat1, double[::1] lon1, double[::1] lat2, double[::1] lon2, double[::1] out) noexcept nogil:
    cdef Py_ssize_t i
    cdef double s1, s2
    for i in range(out.shape[0]):
        s1 = sin((lat2[i] - lat1[i]) * 0.5)
        s2 = sin((lon2[i] - lon1[i]) * 0.5)
        out[i] = 12742.0 * asin(sqrt(s1 * s1 + cos(lat1[i]) * cos(lat2[i]) * (s2 * s2)))


def haversine_(Py_ssize_t times, double[::1] lat1, double[::1] lon1, double[::1] lat2, double[::1] lon2, double[::1] out):
    for _ in range(times):
        haversine(lat1, lon1, lat2, lon2, out)


cdef inline double normal(double d) noexcept nogil:
    cdef double k = 1.0 / (1.0 + 0.2316419 * fabs(d))
    cdef double p = k * (0.31938153 + k * (-0.356563782 + k * (1.781477937 + k * (-1.821255978 + k * 1.330274429))))
    cdef double tail = 0.3989422804014327 * exp(-0.5 * d * d) * p
    return 1.0 - tail if d > 0.0 else tail


cdef void black_scholes(double[::1] spot, double[::1] strike, double[::1] years, double[::1] out) noexcept nogil:
    cdef Py_ssize_t i
    cdef double spread, d1
    for i in range(out.shape[0]):
        spread = 0.3 * sqrt(years[i])
        d1 = (log(spot[i] / strike[i]) + (0.02 + 0.5 * 0.3 * 0.3) * years[i]) / spread
        out[i] = spot[i] * normal(d1) - strike[i] * exp(-0.02 * years[i]) * normal(d1 - spread)


def black_scholes_(Py_ssize_t times, double[::1] spot, double[::1] strike, double[::1] years, double[::1] out):
    for _ in range(times):
        black_scholes(spot, strike, years, out)


cdef inline double normal_erfc(double d) noexcept nogil:
    return 0.5 * erfc(d * -0.7071067811865476)


cdef void black_scholes_erfc(double[::1] spot, double[::1] strike, double[::1] years, double[::1] out) noexcept nogil:
    cdef Py_ssize_t i
    cdef double spread, d1
    for i in range(out.shape[0]):
        spread = 0.3 * sqrt(years[i])
        d1 = (log(spot[i] / strike[i]) + (0.02 + 0.5 * 0.3 * 0.3) * years[i]) / spread
        out[i] = spot[i] * normal_erfc(d1) - strike[i] * exp(-0.02 * years[i]) * normal_erfc(d1 - spread)


def black_scholes_erfc_(Py_ssize_t times, double[::1] spot, double[::1] strike, double[::1] years, double[::1] out):
    for _ in range(times):
        black_scholes_erfc(spot, strike, years, out)


cdef void mandelbrot(double[::1] cx, double[::1] cy, int32_t[::1] out) noexcept nogil:
    cdef Py_ssize_t i
    cdef double x, y, next_x
    cdef int32_t n
    for i in range(out.shape[0]):
        x = y = 0.0
        n = 0
        while n < 256 and x * x + y * y <= 4.0:
            next_x = x * x - y * y + cx[i]
            y = x * y + x * y + cy[i]
            x = next_x
            n += 1
        out[i] = n


def mandelbrot_(Py_ssize_t times, double[::1] cx, double[::1] cy, int32_t[::1] out):
    for _ in range(times):
        mandelbrot(cx, cy, out)


cdef void branch(double[::1] x, double[::1] out) noexcept nogil:
    cdef Py_ssize_t i
    cdef double v
    for i in range(out.shape[0]):
        v = x[i]
        out[i] = 2.0 * sqrt(v) if v > 0.5 else v * v - 1.0


def branch_(Py_ssize_t times, double[::1] x, double[::1] out):
    for _ in range(times):
        branch(x, out)


cdef void mix(int64_t[::1] keys, int64_t[::1] out) noexcept nogil:
    cdef Py_ssize_t i
    cdef uint64_t z
    for i in range(out.shape[0]):
        z = <uint64_t>keys[i] * <uint64_t>6364136223846793005 + <uint64_t>1442695040888963407
        z = (z ^ (z >> 33)) * <uint64_t>0xff51afd7ed558ccd
        out[i] = <int64_t>(z ^ (z >> 29))


def mix_(Py_ssize_t times, int64_t[::1] keys, int64_t[::1] out):
    for _ in range(times):
        mix(keys, out)


cdef void stencil(double[::1] x, double[::1] out) noexcept nogil:
    cdef Py_ssize_t i
    for i in range(out.shape[0]):
        out[i] = 0.25 * x[i] + 0.5 * x[i + 1] + 0.25 * x[i + 2]


def stencil_(Py_ssize_t times, double[::1] x, double[::1] out):
    for _ in range(times):
        stencil(x, out)


cdef void both(uint8_t[::1] x, uint8_t[::1] y, uint8_t[::1] out) noexcept nogil:
    cdef Py_ssize_t i
    for i in range(out.shape[0]):
        out[i] = x[i] & y[i]


cdef void add(double[::1] x, double[::1] y, double[::1] out) noexcept nogil:
    cdef Py_ssize_t i
    for i in range(out.shape[0]):
        out[i] = x[i] + y[i]


def add_(Py_ssize_t times, double[::1] x, double[::1] y, uint8_t[::1] x_valid, uint8_t[::1] y_valid,
         double[::1] out, uint8_t[::1] out_valid):
    for _ in range(times):
        add(x, y, out)
        both(x_valid, y_valid, out_valid)


cdef void rational(double[::1] x, double[::1] y, double[::1] out) noexcept nogil:
    cdef Py_ssize_t i
    for i in range(out.shape[0]):
        out[i] = ((x[i] * y[i] + x[i]) * y[i] + 1.5) / (x[i] * x[i] + y[i] * y[i] + 2.0)


def rational_(Py_ssize_t times, double[::1] x, double[::1] y, uint8_t[::1] x_valid, uint8_t[::1] y_valid,
              double[::1] out, uint8_t[::1] out_valid):
    for _ in range(times):
        rational(x, y, out)
        both(x_valid, y_valid, out_valid)


cdef void celsius(double[::1] x, double[::1] out) noexcept nogil:
    cdef Py_ssize_t i
    for i in range(out.shape[0]):
        out[i] = (x[i] - 32.0) / 1.8


def celsius_(Py_ssize_t times, double[::1] x, double[::1] out):
    for _ in range(times):
        celsius(x, out)


cdef void lennard_jones(double[::1] dx, double[::1] dy, double[::1] dz, double[::1] out) noexcept nogil:
    cdef Py_ssize_t i
    cdef double inverse, six
    for i in range(out.shape[0]):
        inverse = 1.0 / (dx[i] * dx[i] + dy[i] * dy[i] + dz[i] * dz[i])
        six = inverse * inverse * inverse
        out[i] = 4.0 * six * (six - 1.0)


def lennard_jones_(Py_ssize_t times, double[::1] dx, double[::1] dy, double[::1] dz, double[::1] out):
    for _ in range(times):
        lennard_jones(dx, dy, dz, out)


cdef void logistic(double[::1] r, double[::1] start, double[::1] out) noexcept nogil:
    cdef Py_ssize_t i
    cdef int step
    cdef double x, s
    for i in range(out.shape[0]):
        x = start[i]
        s = r[i]
        for step in range(200):
            x = s * x * (1.0 - x)
        out[i] = x


def logistic_(Py_ssize_t times, double[::1] r, double[::1] start, double[::1] out):
    for _ in range(times):
        logistic(r, start, out)


cdef void softmax(double[::1] x, double[::1] out) noexcept nogil:
    cdef Py_ssize_t row, i
    cdef double top, total
    for row in range(0, out.shape[0], 16):
        top = x[row]
        for i in range(row + 1, row + 16):
            top = x[i] if x[i] > top else top
        total = 0
        for i in range(row, row + 16):
            out[i] = exp(x[i] - top)
            total += out[i]
        for i in range(row, row + 16):
            out[i] /= total


def softmax_(Py_ssize_t times, double[::1] x, double[::1] out):
    for _ in range(times):
        softmax(x, out)


cdef double[8] CENTRES_X = [0.1, 0.9, 0.3, 0.7, 0.5, 0.2, 0.8, 0.4]
cdef double[8] CENTRES_Y = [0.2, 0.4, 0.9, 0.1, 0.6, 0.8, 0.3, 0.7]
cdef double[8] CENTRES_Z = [0.5, 0.3, 0.2, 0.9, 0.1, 0.7, 0.6, 0.4]


cdef void nearest(double[::1] x, double[::1] y, double[::1] z, double[::1] out) noexcept nogil:
    cdef Py_ssize_t i
    cdef int c
    cdef double best, dx, dy, dz, squared
    for i in range(out.shape[0]):
        best = 100.0
        for c in range(8):
            dx = x[i] - CENTRES_X[c]
            dy = y[i] - CENTRES_Y[c]
            dz = z[i] - CENTRES_Z[c]
            squared = dx * dx + dy * dy + dz * dz
            best = squared if squared < best else best
        out[i] = sqrt(best)


def nearest_(Py_ssize_t times, double[::1] x, double[::1] y, double[::1] z, double[::1] out):
    for _ in range(times):
        nearest(x, y, z, out)
