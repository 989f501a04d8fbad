# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""The loops of `compiled.py`, compiled by the C compiler with -O3 -march=native."""

from libc.math cimport asin, cos, exp, fabs, log, sin, sqrt
from libc.stdint cimport int32_t, int64_t

cdef double RADIAN = 0.017453292519943295


def haversine(const int32_t[::1] city, const double[::1] lat1, const double[::1] lon1, const double[::1] lat2,
              const double[::1] lon2, double[::1] sums, int64_t[::1] counts, double[::1] most):
    cdef Py_ssize_t i
    cdef int32_t group
    cdef double half_dlat, half_dlon, a, root, km
    with nogil:
        for i in range(city.shape[0]):
            half_dlat = (lat2[i] - lat1[i]) * RADIAN / 2.0
            half_dlon = (lon2[i] - lon1[i]) * RADIAN / 2.0
            a = (sin(half_dlat) * sin(half_dlat)
                 + cos(lat1[i] * RADIAN) * cos(lat2[i] * RADIAN) * sin(half_dlon) * sin(half_dlon))
            root = sqrt(a)
            km = 2.0 * 6371.0088 * asin(root if root < 1.0 else 1.0)
            group = city[i]
            sums[group] += km
            counts[group] += 1
            if km > most[group]:
                most[group] = km


cdef inline double normal_cdf(double x) noexcept nogil:
    cdef double k = 1.0 / (1.0 + 0.2316419 * fabs(x))
    cdef double p = k * (0.319381530 + k * (-0.356563782 + k * (1.781477937 + k * (-1.821255978 + k * 1.330274429))))
    cdef double upper = 0.3989422804014327 * exp(-0.5 * x * x) * p
    return upper if x < 0.0 else 1.0 - upper


def options(const double[::1] spot, const double[::1] strike, const double[::1] years):
    cdef Py_ssize_t i
    cdef double spread, d1, discounted, total = 0.0
    with nogil:
        for i in range(spot.shape[0]):
            spread = 0.3 * sqrt(years[i])
            d1 = (log(spot[i] / strike[i]) + 0.065 * years[i]) / spread
            discounted = strike[i] * exp(-0.02 * years[i])
            total += spot[i] * normal_cdf(d1) - discounted * normal_cdf(d1 - spread)
    return total


def q1(const int32_t[::1] day, const int32_t[::1] group, const double[::1] quantity, const double[::1] price,
       const double[::1] discount, const double[::1] tax, double[:, ::1] sums, int64_t[::1] counts):
    cdef Py_ssize_t i
    cdef int32_t of
    cdef double discounted
    with nogil:
        for i in range(day.shape[0]):
            if day[i] <= 10471:
                of = group[i]
                discounted = price[i] * (1.0 - discount[i])
                sums[of, 0] += quantity[i]
                sums[of, 1] += price[i]
                sums[of, 2] += discounted
                sums[of, 3] += discounted * (1.0 + tax[i])
                sums[of, 4] += discount[i]
                counts[of] += 1


def q6(const int32_t[::1] day, const double[::1] discount, const double[::1] quantity, const double[::1] price):
    cdef Py_ssize_t i
    cdef double total = 0.0
    with nogil:
        for i in range(day.shape[0]):
            if 8766 <= day[i] < 9131 and 0.045 <= discount[i] < 0.075 and quantity[i] < 24.0:
                total += price[i] * discount[i]
    return total
