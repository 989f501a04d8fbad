"""Whole jobs over Parquet: Filbert, and what else one could run.

    python3 benches/jobs/run.py             # 20 million rows
    python3 benches/jobs/run.py --quick     # 1 million, to try it

Makes a Python environment, the tables and a release build of the `filbert` command under the target folder. Every run
is a process of its own; engines take turns. CPU seconds are those of the process and all its descendants. Peers say
when they have imported and compiled what they need, and only what comes then counts for them; the `filbert` command is
counted from its start to its end, compiling its kernels included. All results are compared with DuckDB's. Writes
docs/benchmarks/jobs.csv and jobs.md unless --quick.
"""

import argparse
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
TARGET = os.environ.get("CARGO_TARGET_DIR", os.path.join(ROOT, "target"))
HOME = os.path.join(TARGET, "jobs")
REQUIREMENTS = os.path.join(HERE, "requirements.txt")


def requirements(path):
    """The lines of a list of requirements and of the lists that it names."""
    with open(path, encoding="utf-8") as file:
        for line in file:
            if line.startswith("-r "):
                yield from requirements(os.path.join(os.path.dirname(path), line[3:].strip()))
            else:
                yield line


def environment():
    """The environment's Python; made unless one of these requirements is there."""
    home = os.path.join(HOME, "python")
    stamp = os.path.join(home, "made-of.txt")
    wanted = sys.version + "\n" + "".join(requirements(REQUIREMENTS))
    try:
        with open(stamp, encoding="utf-8") as file:
            if file.read() == wanted:
                return os.path.join(home, "bin", "python")
    except OSError:
        pass
    print(f"making the Python environment {home} (some minutes, once)", file=sys.stderr)
    subprocess.run([sys.executable, "-m", "venv", "--clear", home], check=True)
    python = os.path.join(home, "bin", "python")
    install = ["-m", "pip", "install", "--quiet", "--only-binary", ":all:", "-r", REQUIREMENTS]
    subprocess.run([python, *install], check=True)
    with open(stamp, "w", encoding="utf-8") as file:
        file.write(wanted)
    return python


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="1 million rows, 2 rounds, nothing is written")
    parser.add_argument("--rounds", type=int, help="timed runs of each engine [default: 5]")
    parser.add_argument("--threads", type=int, default=2, help="threads or processes of each engine [default: 2]")
    parser.add_argument("--only", help="jobs, separated by commas")
    parser.add_argument("--engines", help="engines, separated by commas")
    return parser.parse_args()


def main():
    asked = arguments()
    python = environment()
    if os.path.realpath(sys.prefix) != os.path.realpath(os.path.dirname(os.path.dirname(python))):
        os.execv(python, [python, os.path.abspath(__file__), *sys.argv[1:]])
    sys.path.insert(0, HERE)
    import contest

    build = ["cargo", "build", "--release", "--quiet", "-p", "filbert-cli"]
    subprocess.run(build, check=True, cwd=ROOT, env={**os.environ, "CARGO_TARGET_DIR": TARGET})
    places = contest.Places(HERE, HOME, os.path.join(TARGET, "release", "filbert"))
    contest.run(places, asked, os.path.join(ROOT, "docs", "benchmarks"))


if __name__ == "__main__":
    main()
