"""The contest: builds what peers need, runs all engines by turns, checks their rows, reports."""

import csv
import dataclasses
import json
import os
import platform
import statistics
import subprocess
import sys
import sysconfig
import time

import data
import report
import tree
from jobs import JOBS, difference

ENGINES = ["filbert", "numba", "cython", "polars", "duckdb", "datafusion"]
REFERENCE = "duckdb"


@dataclasses.dataclass
class Places:
    sources: str
    home: str
    filbert: str

    def data(self, rows):
        return os.path.join(self.home, f"data-{rows}")

    @property
    def modules(self):
        return os.path.join(self.home, "cython")


@dataclasses.dataclass
class Run:
    """One run: its rows, CPU seconds of the job and of all the process did, seconds on the clock."""

    rows: list
    cpu: float
    cpu_whole: float
    wall: float
    memory: int


def build_cython(places):
    """The Cython loops as a module, unless it is newer than they are."""
    source = os.path.join(places.sources, "cython", "loops.pyx")
    module = os.path.join(places.modules, "filbert_jobs_loops" + sysconfig.get_config_var("EXT_SUFFIX"))
    if os.path.exists(module) and os.path.getmtime(module) > os.path.getmtime(source):
        return
    os.makedirs(places.modules, exist_ok=True)
    text = os.path.join(places.modules, "filbert_jobs_loops.c")
    subprocess.run([sys.executable, "-m", "cython", "-3", source, "--module-name", "filbert_jobs_loops", "-o", text], check=True)
    flags = ["-O3", "-march=native", "-fPIC", "-shared", "-w", "-I" + sysconfig.get_path("include")]
    subprocess.run(["cc", *flags, text, "-o", module, "-lm"], check=True)


def value(text):
    """A field of CSV as JSON would have it."""
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            pass
    return text


def filbert_command(places, job, folder, threads, kernels, sql):
    command = [places.filbert, "run", sql, "--table", f"{job.table}={data.path(folder, job.table)}"]
    command += ["--partitions", str(threads), "--format", "csv"]
    return command + (["--kernels", os.path.join(places.sources, "kernels.rs")] if kernels else [])


def run_filbert(places, job, folder, threads, watch, kernels):
    """The command from start to end; what it used is what the system says of an ended process."""
    sql = os.path.join(places.sources, "sql", f"{'ours' if kernels else 'plain'}_{job.name}.sql")
    command = filbert_command(places, job, folder, threads, kernels, sql)
    started = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    memory = tree.PeakMemory(process.pid) if watch else None
    out = process.stdout.read()
    err = process.stderr.read()
    peak = memory.stop() if memory else 0
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    wall = time.perf_counter() - started
    if process.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}\n{err}")
    rows = [[value(field) for field in row] for row in csv.reader(out.splitlines()[1:])]
    cpu = used.ru_utime + used.ru_stime
    return Run(rows, cpu, cpu, wall, peak)


def run_worker(places, name, job, folder, threads, watch):
    """A peer, from its being told to start to its rows."""
    worker = os.path.join(places.sources, "worker.py")
    warm = places.data(data.WARM_ROWS)
    command = [sys.executable, worker, name, job.name, folder, str(threads), places.modules, warm]
    limits = {"POLARS_MAX_THREADS": str(threads), "OMP_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1"}
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env={**os.environ, **limits}
    )

    def line():
        text = process.stdout.readline()
        if not text:
            raise RuntimeError(f"{' '.join(command)} ended early")
        return text

    line()
    memory = tree.PeakMemory(process.pid) if watch else None
    before, started = tree.cpu_seconds(process.pid), time.perf_counter()
    process.stdin.write("go\n")
    process.stdin.flush()
    rows = json.loads(line())
    wall, cpu = time.perf_counter() - started, tree.cpu_seconds(process.pid) - before
    peak = memory.stop() if memory else 0
    process.stdin.close()
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise RuntimeError(f"{' '.join(command)} ended with {process.returncode}")
    return Run(rows, cpu, used.ru_utime + used.ru_stime, wall, peak)


def run_one(places, name, job, folder, threads, watch=False):
    if name in ("filbert", "datafusion"):
        return run_filbert(places, job, folder, threads, watch, name == "filbert")
    return run_worker(places, name, job, folder, threads, watch)


def explain(places, job, folder, threads):
    """The plan of our job with what each operator used, and the CPU seconds of that run."""
    with open(os.path.join(places.sources, "sql", f"ours_{job.name}.sql"), encoding="utf-8") as file:
        text = "EXPLAIN ANALYZE " + file.read()
    sql = os.path.join(places.home, f"explain_{job.name}.sql")
    with open(sql, "w", encoding="utf-8") as file:
        file.write(text)
    command = filbert_command(places, job, folder, threads, True, sql)
    command[command.index("--format") + 1] = "table"
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    plan = process.stdout.read()
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise RuntimeError(f"{' '.join(command)} ended with {process.returncode}")
    return plan, used.ru_utime, used.ru_stime


def machine():
    model = platform.processor() or platform.machine()
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        for text in file:
            if text.startswith("model name"):
                model = text.partition(":")[2].strip()
                break
    return f"{model}, {os.cpu_count()} cores"


def versions():
    from importlib.metadata import version

    return ", ".join(f"{name} {version(name)}" for name in ("numba", "Cython", "polars", "duckdb", "pyarrow"))


def run(places, asked, folder_of_reports):
    rows = 1_000_000 if asked.quick else data.ROWS
    rounds = asked.rounds or (2 if asked.quick else 5)
    engines = asked.engines.split(",") if asked.engines else ENGINES
    wanted = asked.only.split(",") if asked.only else [job.name for job in JOBS]
    folder = places.data(rows)
    data.make(folder, rows)
    data.make(places.data(data.WARM_ROWS), data.WARM_ROWS)
    build_cython(places)
    load = os.getloadavg()
    results, plans = {}, {}
    for job in (job for job in JOBS if job.name in wanted):
        # The first turn checks, and looks at memory; it also brings the file into the page cache.
        reference = run_one(places, REFERENCE, job, folder, asked.threads).rows
        runs = {name: [] for name in engines}
        memory = {}
        for name in engines:
            first = run_one(places, name, job, folder, asked.threads, watch=True)
            wrong = difference(first.rows, reference)
            if wrong:
                raise RuntimeError(f"{name}, {job.title}: {wrong}")
            memory[name] = first.memory
        for turn in range(rounds):
            for name in engines:
                runs[name].append(run_one(places, name, job, folder, asked.threads))
            print(f"{job.name}: round {turn + 1} of {rounds}", file=sys.stderr)
        results[job] = {
            name: report.Line(
                cpu=min(one.cpu for one in runs[name]),
                cpu_median=statistics.median(one.cpu for one in runs[name]),
                cpu_whole=min(one.cpu_whole for one in runs[name]),
                wall=min(one.wall for one in runs[name]),
                memory=memory[name],
            )
            for name in engines
        }
        if "filbert" in engines:
            plans[job] = explain(places, job, folder, asked.threads)
        print(report.table(job, results[job]), flush=True)
    for job, plan in plans.items():
        print(report.parts(job, *plan), flush=True)
    setting = report.Setting(
        rows=rows,
        rounds=rounds,
        threads=asked.threads,
        machine=machine(),
        versions=versions(),
        load=(load[0], os.getloadavg()[0]),
        command="python3 benches/jobs/run.py" + (" --quick" if asked.quick else ""),
        sizes={job.table: os.path.getsize(data.path(folder, job.table)) for job in results},
    )
    if not asked.quick and not asked.only and not asked.engines:
        report.write(folder_of_reports, setting, results, plans)
