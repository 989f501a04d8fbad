"""The jobs: which table each reads, and what its result is."""

import dataclasses
import math


@dataclasses.dataclass(frozen=True)
class Job:
    name: str
    title: str
    table: str
    columns: tuple


JOBS = [
    Job("haversine", "haversine with sum, count and max by group", "trips", ("city", "lat1", "lon1", "lat2", "lon2")),
    Job("options", "sum of Black-Scholes prices", "options", ("spot", "strike", "years")),
    Job(
        "q1",
        "TPC-H Q1",
        "lineitem",
        (
            "l_shipdate",
            "l_returnflag",
            "l_linestatus",
            "l_quantity",
            "l_extendedprice",
            "l_discount",
            "l_tax",
        ),
    ),
    Job("q6", "TPC-H Q6", "lineitem", ("l_shipdate", "l_discount", "l_quantity", "l_extendedprice")),
]


def difference(rows, reference):
    """Why two results are not the same, or nothing. Sums differ in their last digits: their order is free."""
    if len(rows) != len(reference):
        return f"{len(rows)} rows, {len(reference)} in the reference"
    for number, (row, expected) in enumerate(zip(rows, reference)):
        if len(row) != len(expected):
            return f"row {number} has {len(row)} columns, {len(expected)} in the reference"
        for value, wanted in zip(row, expected):
            same = value == wanted
            if isinstance(wanted, float) and isinstance(value, (int, float)):
                same = math.isclose(value, wanted, rel_tol=1e-9)
            if not same:
                return f"row {number}: {value} is not {wanted}"
    return None
