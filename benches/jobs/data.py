"""The tables of the jobs: seeded, so that every machine that makes them has the same rows.

`lineitem` has columns, domains and dependencies of TPC-H's table of that name, but is not the data of dbgen, and has
floats where TPC-H has decimals: results can be compared with each other, not with published ones.
"""

import os

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

SEED = 20260
ROWS = 20_000_000
GROUP_ROWS = 1 << 20
WARM_ROWS = 10_000

DAY = np.datetime64


def trips(rng, rows):
    """Starts and ends of trips, to a metre, in 100 cities."""
    def degrees(low, high):
        return np.round(rng.uniform(low, high, rows), 5)

    return {
        "city": rng.integers(0, 100, rows, dtype=np.int32),
        "lat1": degrees(-60, 70),
        "lon1": degrees(-180, 180),
        "lat2": degrees(-60, 70),
        "lon2": degrees(-180, 180),
    }


def options(rng, rows):
    spot = np.round(rng.uniform(10, 200, rows), 2)
    return {
        "spot": spot,
        "strike": np.round(spot * rng.uniform(0.5, 1.5, rows), 2),
        "years": rng.integers(1, 3650, rows) / 365.0,
    }


def lineitem(rng, rows):
    part = rng.integers(1, 200_001, rows)
    quantity = rng.integers(1, 51, rows)
    cents = 90_000 + (part // 10) % 20_001 + 100 * (part % 1_000)
    ordered = DAY("1992-01-01") + rng.integers(0, 2_406, rows)
    shipped = ordered + rng.integers(1, 122, rows)
    received = shipped + rng.integers(1, 31, rows)
    today = DAY("1995-06-17")
    flags = np.where(received <= today, np.where(rng.integers(0, 2, rows) == 0, "R", "A"), "N")
    return {
        "l_quantity": quantity.astype(np.float64),
        "l_extendedprice": quantity * cents / 100.0,
        "l_discount": rng.integers(0, 11, rows) / 100.0,
        "l_tax": rng.integers(0, 9, rows) / 100.0,
        "l_returnflag": flags,
        "l_linestatus": np.where(shipped > today, "O", "F"),
        "l_shipdate": shipped,
    }


TABLES = {"trips": trips, "options": options, "lineitem": lineitem}


def path(folder, table):
    return os.path.join(folder, f"{table}.parquet")


def make(folder, rows):
    """Writes the tables that are not there yet. A file appears whole or not at all."""
    os.makedirs(folder, exist_ok=True)
    for number, (table, columns) in enumerate(TABLES.items()):
        if os.path.exists(path(folder, table)):
            continue
        unfinished = path(folder, table) + ".part"
        writer = None
        for group, start in enumerate(range(0, rows, GROUP_ROWS)):
            rng = np.random.Generator(np.random.PCG64([SEED, number, group]))
            batch = pa.table(columns(rng, min(GROUP_ROWS, rows - start)))
            if writer is None:
                # As pyarrow writes by default: Snappy, dictionaries where they pay, every column nullable.
                writer = pq.ParquetWriter(unfinished, batch.schema)
            writer.write_table(batch, row_group_size=GROUP_ROWS)
        writer.close()
        os.rename(unfinished, path(folder, table))
