"""A peer in a process of its own: imports, compiles and runs the job over a small table, says so, runs it when told,
and gives its rows.

    worker.py ENGINE JOB FOLDER THREADS MODULES FOLDER-OF-SMALL-TABLES
"""

import json
import sys

import data
from jobs import JOBS


class DuckDb:
    def __init__(self, threads):
        import duckdb

        self.connection = duckdb.connect(config={"threads": threads})
        self.connection.execute("SELECT 1").fetchall()

    def run(self, job, path):
        with open(f"{sys.path[0]}/sql/plain_{job.name}.sql", encoding="utf-8") as file:
            sql = file.read()
        self.connection.execute(f"CREATE OR REPLACE VIEW {job.table} AS SELECT * FROM read_parquet('{path}')")
        return [list(row) for row in self.connection.execute(sql).fetchall()]

    def close(self):
        self.connection.close()


class Polars:
    def __init__(self):
        import polars

        self.pl = polars
        polars.LazyFrame({"x": [1.0]}).select(polars.col("x").sum()).collect(engine="streaming")

    def haversine(self, table):
        pl = self.pl
        lat1, lon1, lat2, lon2 = map(pl.col, ("lat1", "lon1", "lat2", "lon2"))
        half_dlat, half_dlon = (lat2 - lat1).radians() / 2.0, (lon2 - lon1).radians() / 2.0
        a = half_dlat.sin() ** 2 + lat1.radians().cos() * lat2.radians().cos() * half_dlon.sin() ** 2
        root = a.sqrt()
        km = 2.0 * 6371.0088 * pl.min_horizontal(root, 1.0).arcsin()
        km = table.select("city", km.alias("km"))
        total = [pl.col("km").sum().alias("total"), pl.len().alias("trips"), pl.col("km").max().alias("longest")]
        return km.group_by("city").agg(total).sort("city")

    def options(self, table):
        pl = self.pl
        spot, strike, years = map(pl.col, ("spot", "strike", "years"))

        def cdf(name):
            x, k = pl.col(name), 1.0 / (1.0 + 0.2316419 * pl.col(name).abs())
            p = k * (0.319381530 + k * (-0.356563782 + k * (1.781477937 + k * (-1.821255978 + k * 1.330274429))))
            upper = 0.3989422804014327 * (-0.5 * x * x).exp() * p
            return pl.when(x < 0.0).then(upper).otherwise(1.0 - upper)

        spread = 0.3 * years.sqrt()
        table = table.with_columns(d1=((spot / strike).log() + 0.065 * years) / spread)
        table = table.with_columns(d2=pl.col("d1") - spread)
        price = spot * cdf("d1") - strike * (-0.02 * years).exp() * cdf("d2")
        return table.select(price.sum())

    def q1(self, table):
        pl = self.pl
        price, discount, tax = map(pl.col, ("l_extendedprice", "l_discount", "l_tax"))
        discounted = price * (1.0 - discount)
        results = [
            pl.col("l_quantity").sum().alias("a"),
            price.sum().alias("b"),
            discounted.sum().alias("c"),
            (discounted * (1.0 + tax)).sum().alias("d"),
            pl.col("l_quantity").mean().alias("e"),
            price.mean().alias("f"),
            discount.mean().alias("g"),
            pl.len().alias("h"),
        ]
        keys = ["l_returnflag", "l_linestatus"]
        return table.filter(pl.col("l_shipdate") <= pl.date(1998, 9, 2)).group_by(keys).agg(results).sort(keys)

    def q6(self, table):
        pl = self.pl
        shipped, discount = pl.col("l_shipdate"), pl.col("l_discount")
        wanted = (shipped >= pl.date(1994, 1, 1)) & (shipped < pl.date(1995, 1, 1))
        wanted &= (discount >= 0.045) & (discount < 0.075) & (pl.col("l_quantity") < 24.0)
        return table.filter(wanted).select((pl.col("l_extendedprice") * discount).sum())

    def run(self, job, path):
        rows = getattr(self, job.name)(self.pl.scan_parquet(path)).collect(engine="streaming")
        return [list(row) for row in rows.rows()]

    def close(self):
        pass


def engine(name, threads, modules):
    if name == "duckdb":
        return DuckDb(threads)
    if name == "polars":
        return Polars()
    import loops

    if name == "numba":
        import compiled

        compiled.warm()
        return loops.Pool(compiled, threads)
    sys.path.append(modules)
    import filbert_jobs_loops

    return loops.Pool(filbert_jobs_loops, threads)


def main():
    name, job, folder, threads, modules, small = sys.argv[1:]
    job = next(known for known in JOBS if known.name == job)
    runs = engine(name, int(threads), modules)
    runs.run(job, data.path(small, job.table))
    print("ready", flush=True)
    sys.stdin.readline()
    rows = runs.run(job, data.path(folder, job.table))
    print(json.dumps(rows), flush=True)
    sys.stdin.readline()
    runs.close()


if __name__ == "__main__":
    main()
