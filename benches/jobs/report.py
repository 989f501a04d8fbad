"""The contest's figures as text: a table for each job, what our job's time went to, and files in docs/benchmarks."""

import csv
import dataclasses
import os
import re


@dataclasses.dataclass
class Line:
    cpu: float
    cpu_median: float
    cpu_whole: float
    wall: float
    memory: int


@dataclasses.dataclass
class Setting:
    rows: int
    rounds: int
    threads: int
    machine: str
    versions: str
    load: tuple
    command: str
    sizes: dict


NAMES = {
    "filbert": "Filbert",
    "numba": "multiprocessing with Numba",
    "cython": "multiprocessing with Cython",
    "polars": "Polars, streaming",
    "duckdb": "DuckDB",
    "datafusion": "DataFusion's own expressions",
}


def best_peer(lines):
    return min((line.cpu for name, line in lines.items() if name != "filbert"), default=float("nan"))


def table(job, lines):
    best = best_peer(lines)
    heads = "| engine | CPU s, least | median | of the best peer | whole process | clock s | peak MiB |"
    out = [f"\n### {job.title}\n", heads, "|---|---:|---:|---:|---:|---:|---:|"]
    for name, line in lines.items():
        cells = [NAMES[name], f"{line.cpu:.2f}", f"{line.cpu_median:.2f}", f"{line.cpu / best:.2f}"]
        cells += [f"{line.cpu_whole:.2f}", f"{line.wall:.2f}", f"{line.memory / 2**20:.0f}"]
        out.append("| " + " | ".join(cells) + " |")
    return "\n".join(out)


UNITS = {"ns": 1e-9, "µs": 1e-6, "us": 1e-6, "ms": 1e-3, "s": 1.0}


def seconds(text):
    number, unit = re.fullmatch(r"([0-9.]+)(ns|µs|us|ms|s)", text).groups()
    return float(number) * UNITS[unit]


def operators(plan):
    """Of each operator its name and how long it computed, and of each kernel how long it ran inside of it."""
    found = []
    for line in plan.splitlines():
        named = re.match(r"\s*([A-Za-z]+Exec)\b", line)
        if not named:
            continue
        computed = re.search(r"elapsed_compute=([0-9.]+(?:ns|µs|us|ms|s))", line)
        scanned = re.search(r"time_elapsed_processing=([0-9.]+(?:ns|µs|us|ms|s))", line)
        kernels = [
            (name, int(rows) * float(per_row) * 1e-9)
            for name, rows, per_row in re.findall(r"(\w+)=\{rows=(\d+), ns_per_row=([0-9.]+)", line)
        ]
        own = seconds((scanned or computed).group(1)) if scanned or computed else 0.0
        found.append((named.group(1), own, kernels))
    return found


def parts(job, plan, user, system):
    """Where the CPU seconds of one run went. Operators read the clock, which counts waiting for a core too: so their
    readings are only shares, of the run's CPU seconds. A kernel's part is not in its operator's."""
    rows = []
    for name, own, kernels in operators(plan):
        rows += [(f"{name}: kernel {kernel}", inside) for kernel, inside in kernels]
        rows.append((f"{name}, the rest" if kernels else name, max(own - sum(inside for _, inside in kernels), 0.0)))
    scale = (user + system) / (sum(own for _, own in rows) or 1.0)
    out = [
        f"\n{job.title}: {user + system:.2f} CPU seconds, {system:.2f} of them in the system",
        "",
        "| operator | CPU s |",
        "|---|---:|",
    ]
    shown = [(name, own * scale) for name, own in rows if own * scale >= 0.005]
    return "\n".join(out + [f"| {name} | {own:.2f} |" for name, own in shown])


def write(folder, setting, results, plans):
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "jobs.csv"), "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["job", "engine", *(field.name for field in dataclasses.fields(Line))])
        for job, lines in results.items():
            for name, line in lines.items():
                figures = [f"{figure:.3f}" if isinstance(figure, float) else figure for figure in dataclasses.astuple(line)]
                writer.writerow([job.name, name, *figures])
    sizes = ", ".join(f"{name} {size / 2**20:.0f} MiB" for name, size in setting.sizes.items())
    text = [
        "# Whole jobs over Parquet",
        "",
        f"`{setting.command}` on {setting.machine}; {setting.rows:,} rows, {setting.threads} threads or processes, "
        f"{setting.rounds} rounds in turns; load {setting.load[0]:.1f} before, {setting.load[1]:.1f} after. "
        f"Peers: {setting.versions}. Files in the page cache: {sizes}.",
        "",
        "CPU seconds are of the process and its descendants. For peers they count from when they have imported and "
        "compiled what they need; for the `filbert` command from its start, kernels compiled included. *Whole process* "
        "has the imports too. Memory is the peak of what is not a page of a file. All results agree with DuckDB's to "
        "nine digits. The lines of TPC-H are seeded, not dbgen's, and have floats for decimals.",
    ]
    text += [table(job, lines) for job, lines in results.items()]
    text += ["\n## Where our time goes"]
    text += [parts(job, *plan) for job, plan in plans.items()]
    with open(os.path.join(folder, "jobs.md"), "w", encoding="utf-8") as file:
        file.write("\n".join(text) + "\n")
