"""A job by compiled loops over row groups, which processes of a pool share: what a user of Numba or Cython writes."""

import multiprocessing

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

CITIES = 100
FLAGS, STATES = "ANR", "FO"

code = None
files = {}


def open_table(path, columns):
    if path not in files:
        texts = [name for name in columns if name in ("l_returnflag", "l_linestatus")]
        files[path] = pq.ParquetFile(path, memory_map=True, read_dictionary=texts)
    return files[path]


def columns_of(task):
    path, columns, group = task
    table = open_table(path, columns).read_row_group(group, columns=list(columns), use_threads=False)
    return [table.column(name).chunk(0) for name in columns]


def numbers(column):
    return (column.view(pa.int32()) if column.type == pa.date32() else column).to_numpy()


def places(column, names):
    """Text as the place of each in `names`."""
    of = np.array([names.index(text) for text in column.dictionary.to_pylist()], np.int32)
    return of[column.indices.to_numpy()]


def haversine(task):
    sums, counts, most = np.zeros(CITIES), np.zeros(CITIES, np.int64), np.full(CITIES, -np.inf)
    code.haversine(*map(numbers, columns_of(task)), sums, counts, most)
    return sums, counts, most


def options(task):
    return code.options(*map(numbers, columns_of(task)))


def q1(task):
    day, flag, status, *rest = columns_of(task)
    group = places(flag, FLAGS) * len(STATES) + places(status, STATES)
    sums, counts = np.zeros((len(FLAGS) * len(STATES), 5)), np.zeros(len(FLAGS) * len(STATES), np.int64)
    code.q1(numbers(day), group, *map(numbers, rest), sums, counts)
    return sums, counts


def q6(task):
    return code.q6(*map(numbers, columns_of(task)))


def finish(name, parts):
    if name == "haversine":
        sums, counts, most = zip(*parts)
        sums, counts, most = sum(sums), sum(counts), np.max(most, axis=0)
        return [[g, float(sums[g]), int(counts[g]), float(most[g])] for g in range(CITIES) if counts[g]]
    if name == "q1":
        sums, counts = map(sum, zip(*parts))
        rows = []
        for group, (of, count) in enumerate(zip(sums.tolist(), counts.tolist())):
            if count:
                quantity, price, discounted, charged, discount = of
                key = [FLAGS[group // len(STATES)], STATES[group % len(STATES)]]
                means = [quantity / count, price / count, discount / count]
                rows.append([*key, quantity, price, discounted, charged, *means, count])
        return rows
    return [[sum(parts)]]


class Pool:
    def __init__(self, loops, processes):
        global code
        code = loops
        # Children of a fork have the compiled code.
        self.pool = multiprocessing.get_context("fork").Pool(processes)
        self.pool.map(abs, range(processes))

    def run(self, job, path):
        groups = pq.ParquetFile(path).metadata.num_row_groups
        tasks = [(path, job.columns, group) for group in range(groups)]
        return finish(job.name, list(self.pool.imap_unordered(globals()[job.name], tasks)))

    def close(self):
        self.pool.close()
        self.pool.join()
