"""Loops over the columns of a row group, in Python that Numba compiles. `cython/loops.pyx` has the same."""

import math

import numba
import numpy as np


@numba.njit(nogil=True)
def haversine(city, lat1, lon1, lat2, lon2, sums, counts, most):
    for i in range(len(city)):
        half_dlat = math.radians(lat2[i] - lat1[i]) / 2.0
        half_dlon = math.radians(lon2[i] - lon1[i]) / 2.0
        a = math.sin(half_dlat) * math.sin(half_dlat) + math.cos(math.radians(lat1[i])) * math.cos(
            math.radians(lat2[i])
        ) * math.sin(half_dlon) * math.sin(half_dlon)
        km = 2.0 * 6371.0088 * math.asin(min(math.sqrt(a), 1.0))
        group = city[i]
        sums[group] += km
        counts[group] += 1
        if km > most[group]:
            most[group] = km


@numba.njit(nogil=True)
def normal_cdf(x):
    k = 1.0 / (1.0 + 0.2316419 * abs(x))
    p = k * (0.319381530 + k * (-0.356563782 + k * (1.781477937 + k * (-1.821255978 + k * 1.330274429))))
    upper = 0.3989422804014327 * math.exp(-0.5 * x * x) * p
    return upper if x < 0.0 else 1.0 - upper


@numba.njit(nogil=True)
def options(spot, strike, years):
    total = 0.0
    for i in range(len(spot)):
        spread = 0.3 * math.sqrt(years[i])
        d1 = (math.log(spot[i] / strike[i]) + 0.065 * years[i]) / spread
        discounted = strike[i] * math.exp(-0.02 * years[i])
        total += spot[i] * normal_cdf(d1) - discounted * normal_cdf(d1 - spread)
    return total


@numba.njit(nogil=True)
def q1(day, group, quantity, price, discount, tax, sums, counts):
    for i in range(len(day)):
        if day[i] <= 10471:
            of = sums[group[i]]
            discounted = price[i] * (1.0 - discount[i])
            of[0] += quantity[i]
            of[1] += price[i]
            of[2] += discounted
            of[3] += discounted * (1.0 + tax[i])
            of[4] += discount[i]
            counts[group[i]] += 1


@numba.njit(nogil=True)
def q6(day, discount, quantity, price):
    total = 0.0
    for i in range(len(day)):
        if 8766 <= day[i] < 9131 and 0.045 <= discount[i] < 0.075 and quantity[i] < 24.0:
            total += price[i] * discount[i]
    return total


def warm():
    """Compiles all of it, for columns that may only be read, as Arrow's are: whoever runs the jobs does not pay for
    that."""
    one, whole = np.ones(1), np.zeros(1, np.int32)
    one.flags.writeable = whole.flags.writeable = False
    group = np.zeros(1, np.int32)
    haversine(whole, one, one, one, one, np.zeros(1), np.zeros(1, np.int64), np.zeros(1))
    options(one, one, one)
    q1(whole, group, one, one, one, one, np.zeros((1, 5)), np.zeros(1, np.int64))
    q6(whole, one, one, one)
