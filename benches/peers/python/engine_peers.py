"""Polars and DuckDB: the kernel as an expression of theirs over a table in memory. Their time holds the plan, the
scan and the result's column, as it does for whoever uses them."""

import os
import tempfile

import duckdb
import numpy as np
import polars as pl

from worker import Refused, version

NAMES = "abcd"
DRIFT = 0.02 + 0.5 * 0.3 * 0.3
POLY = (0.22, 0.33, 0.44, 0.55, 0.66, 0.77, 0.88)


def poly7(x):
    value = 0.11 * x
    for c in POLY[:-1]:
        value = (value + c) * x
    return value + POLY[-1]


def haversine(lat1, lon1, lat2, lon2):
    s1, s2 = ((lat2 - lat1) * 0.5).sin(), ((lon2 - lon1) * 0.5).sin()
    return 12742.0 * (s1 * s1 + lat1.cos() * lat2.cos() * (s2 * s2)).sqrt().arcsin()


def normal(d):
    k = 1.0 / (1.0 + 0.2316419 * d.abs())
    p = k * (0.31938153 + k * (-0.356563782 + k * (1.781477937 + k * (-1.821255978 + k * 1.330274429))))
    tail = 0.3989422804014327 * (-0.5 * d * d).exp() * p
    return pl.when(d > 0.0).then(1.0 - tail).otherwise(tail)


def black_scholes(spot, strike, years):
    spread = 0.3 * years.sqrt()
    d1 = ((spot / strike).log() + DRIFT * years) / spread
    return spot * normal(d1) - strike * (-0.02 * years).exp() * normal(d1 - spread)


def lennard_jones(dx, dy, dz):
    six = (1.0 / (dx * dx + dy * dy + dz * dz)) ** 3
    return 4.0 * six * (six - 1.0)


POLARS = {
    "saxpy": lambda x, y: 2.5 * x + y,
    "poly7": poly7,
    "sum": lambda x: x.sum(),
    "dot": lambda x, y: x.dot(y),
    "haversine": haversine,
    "black_scholes": black_scholes,
    "branch": lambda x: pl.when(x > 0.5).then(2.0 * x.sqrt()).otherwise(x * x - 1.0),
    "add": lambda x, y: x + y,
    "rational": lambda x, y: ((x * y + x) * y + 1.5) / (x * x + y * y + 2.0),
    "celsius": lambda x: (x - 32.0) / 1.8,
    "lennard_jones": lennard_jones,
}

NORMAL = (
    "CASE WHEN {d} > 0 THEN 1 - {tail} ELSE {tail} END",
    "(0.3989422804014327e0 * exp(-0.5e0*{d}*{d}) * {p})",
    "({k} * (0.31938153e0 + {k} * (-0.356563782e0 + {k} * (1.781477937e0 + {k} * (-1.821255978e0"
    " + {k} * 1.330274429e0)))))",
    "(1 / (1 + 0.2316419e0 * abs({d})))",
)


def normal_sql(d):
    whole, tail, p, k = NORMAL
    k = k.format(d=d)
    return whole.format(d=d, tail=tail.format(d=d, p=p.format(k=k)))


D1 = f"((ln(a/b) + {DRIFT}e0*c) / (0.3e0*sqrt(c)))"
D2 = f"({D1} - 0.3e0*sqrt(c))"

# With exponents, because a plain `2.5` is a DECIMAL.
SQL = {
    "saxpy": "2.5e0*a + b",
    "poly7": "((((((0.11e0*a + 0.22e0)*a + 0.33e0)*a + 0.44e0)*a + 0.55e0)*a + 0.66e0)*a + 0.77e0)*a + 0.88e0",
    "sum": "sum(a)",
    "dot": "sum(a*b)",
    "haversine": "12742*asin(sqrt(sin((c - a)*0.5e0)*sin((c - a)*0.5e0)"
    " + cos(a)*cos(c)*(sin((d - b)*0.5e0)*sin((d - b)*0.5e0))))",
    "black_scholes": f"a*{normal_sql(D1)} - b*exp(-0.02e0*c)*{normal_sql(D2)}",
    "branch": "CASE WHEN a > 0.5e0 THEN 2*sqrt(a) ELSE a*a - 1 END",
    "add": "a + b",
    "rational": "((a*b + a)*b + 1.5e0) / (a*a + b*b + 2e0)",
    "celsius": "(a - 32e0) / 1.8e0",
    "lennard_jones": "4*(1/(a*a + b*b + c*c))**3 * ((1/(a*a + b*b + c*c))**3 - 1)",
}


def frame(data):
    """The columns as a table of Polars, nulls included."""
    series = []
    for name, values, valid in zip(NAMES, data.inputs, data.valid or [None] * len(data.inputs)):
        column = pl.Series(name, values)
        if valid is not None:
            there = np.unpackbits(valid, bitorder="little")[: values.size].astype(bool)
            column = pl.select(pl.when(pl.Series(there)).then(column)).to_series().alias(name)
        series.append(column.rechunk())
    return pl.DataFrame(series)


class PolarsPeer:
    def versions(self):
        return [version("polars")]

    def variants(self, data):
        return ["polars"] if data.function in POLARS and data.ty == np.float64 else []

    def build(self, variant, data, threads):
        if threads != pl.thread_pool_size():
            raise Refused(f"its pool has {pl.thread_pool_size()} threads for the whole process")
        table = frame(data)
        expression = POLARS[data.function](*[pl.col(column) for column in table.columns])
        result = []

        def run(times):
            for _ in range(times):
                result[:] = [table.select(expression.alias("out"))]

        def finish():
            column = result[0]["out"]
            data.out[:] = column.fill_null(0.0).to_numpy()
            if data.valid is not None:
                data.out_valid[:] = np.packbits(column.is_not_null().to_numpy(), bitorder="little")

        return run, finish


class DuckPeer:
    def __init__(self):
        self.connection = duckdb.connect()
        self.connection.execute("SET preserve_insertion_order = true")

    def versions(self):
        return [version("duckdb")]

    def variants(self, data):
        return ["duckdb"] if data.function in SQL and data.ty == np.float64 else []

    def build(self, variant, data, threads):
        connection = self.connection
        connection.execute(f"SET threads = {threads}")
        connection.execute("DROP TABLE IF EXISTS t")
        # Through a file, which needs no further package.
        with tempfile.TemporaryDirectory(dir=data.folder) as folder:
            path = os.path.join(folder, "t.parquet")
            frame(data).write_parquet(path, compression="uncompressed", statistics=False)
            connection.execute(f"CREATE TABLE t AS SELECT * FROM '{path}'")
        query = f"SELECT {SQL[data.function]} AS out FROM t"
        result = []

        def run(times):
            for _ in range(times):
                result[:] = [connection.execute(query).fetchnumpy()["out"]]

        def finish():
            column = result[0]
            data.out[:] = np.ma.filled(column, 0.0)
            if data.valid is not None:
                data.out_valid[:] = np.packbits(~np.ma.getmaskarray(column), bitorder="little")

        return run, finish
