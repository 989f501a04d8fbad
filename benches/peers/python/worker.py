"""A worker of the comparison: answers the lines of src/shared/protocol.rs with the peers that its environment has.

    python worker.py current|svml [FOLDER OF THE CYTHON MODULES]
"""

import importlib.metadata
import os
import platform
import sys
import time

import numpy as np

TYPES = {"f64": np.float64, "f32": np.float32, "i64": np.int64, "i32": np.int32}


# As in src/shared/serve.rs.
BATCHES = 4


class Refused(Exception):
    """A peer cannot do this, and says why."""


def aligned(count, dtype):
    """An array that begins at a multiple of 64 bytes, each page of it touched."""
    dtype = np.dtype(dtype)
    room = np.zeros(count * dtype.itemsize + 64, np.uint8)
    room[::4096] = 0
    start = -room.ctypes.data % 64
    return room[start : start + count * dtype.itemsize].view(dtype)


def read(path, dtype):
    count = os.path.getsize(path) // np.dtype(dtype).itemsize
    array = aligned(count, dtype)
    array[:] = np.fromfile(path, dtype)
    return array


class Data:
    """The columns of a load; with nulls also their bits, as Arrow has them."""

    def __init__(self, words):
        function, ty, out, rows, inputs, nulls, folder = words
        self.function, self.ty, self.folder = function, TYPES[ty], folder
        self.rows = int(rows)
        paths = [os.path.join(folder, f"in{i}.bin") for i in range(int(inputs))]
        self.inputs = [read(path, self.ty) for path in paths]
        self.out = aligned(self.rows, TYPES[out])
        self.valid, self.out_valid = None, None
        if nulls == "1":
            paths = [os.path.join(folder, f"valid{i}.bin") for i in range(int(inputs))]
            self.valid = [read(path, np.uint8) for path in paths]
            self.out_valid = aligned((self.rows + 7) // 8, np.uint8)

    def write_results(self):
        self.out.tofile(os.path.join(self.folder, "out.bin"))
        if self.out_valid is not None:
            self.out_valid.tofile(os.path.join(self.folder, "out_valid.bin"))


class Worker:
    def __init__(self, peers):
        self.peers = peers
        self.data, self.ready = None, {}

    def hello(self):
        versions = [f"python={platform.python_version()}", f"numpy={np.__version__}"]
        for peer in self.peers:
            versions += peer.versions()
        return versions

    def load(self, *words):
        self.unload()
        self.data = Data(words)
        return [variant for peer in self.peers for variant in peer.variants(self.data)]

    def prepare(self, variant, threads):
        data, threads = self.data, int(threads)
        peer = next(peer for peer in self.peers if variant in peer.variants(data))
        data.out.fill(0)
        if data.out_valid is not None:
            data.out_valid.fill(0)
        start = time.perf_counter()
        # `run` computes all rows so many times; `finish` brings the last results into `data`.
        run, finish = peer.build(variant, data, threads)
        run(1)
        milliseconds = (time.perf_counter() - start) * 1e3
        if finish is not None:
            finish()
        data.write_results()
        self.ready[variant, threads] = run
        return [f"{milliseconds:.3f}", ""]

    def time(self, variant, threads, repeats):
        run, repeats = self.ready[variant, int(threads)], int(repeats)
        least = None
        for _ in range(BATCHES):
            start = time.perf_counter_ns()
            run(repeats)
            taken = time.perf_counter_ns() - start
            least = taken if least is None else min(least, taken)
        return [str(least)]

    def unload(self):
        self.data = None
        self.ready.clear()
        return []

    def answer(self, line):
        name, *words = line.rstrip("\n").split("\t")
        if name not in ("hello", "load", "prepare", "time", "unload"):
            return f"failed\tnot a request: {name!r}"
        try:
            return "\t".join(["ok", *getattr(self, name)(*words)])
        except Refused as why:
            return f"refused\t{why}"
        except Exception as error:
            sys.excepthook(*sys.exc_info())
            text = f"{type(error).__name__}: {error}".replace("\t", " ").replace("\n", " ")
            return f"failed\t{text[:300]}"


def main():
    # Whatever prints must not get between the replies.
    replies = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    import numba_peer

    peers = [numba_peer.Peer(sys.argv[1])]
    if sys.argv[1] == "current":
        import cython_peer
        import engine_peers
        import numpy_peer

        peers += [numpy_peer.Peer(), engine_peers.PolarsPeer(), engine_peers.DuckPeer()]
        if len(sys.argv) > 2:
            peers.append(cython_peer.Peer(sys.argv[2]))
    worker = Worker(peers)
    for line in sys.stdin:
        replies.write(worker.answer(line) + "\n")
        replies.flush()


def version(package):
    return f"{package}={importlib.metadata.version(package)}"


if __name__ == "__main__":
    sys.modules["worker"] = sys.modules["__main__"]
    main()
