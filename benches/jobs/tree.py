"""What a process and its descendants used: CPU seconds and memory, from /proc."""

import os
import threading
import time

TICK = os.sysconf("SC_CLK_TCK")


def family(pid):
    """The process and all that descend from it and are still there."""
    parents = {}
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{name}/stat", encoding="utf-8", errors="replace") as file:
                parents[int(name)] = int(file.read().rpartition(")")[2].split()[1])
        except OSError:
            pass
    found = [pid]
    for one in found:
        found += [child for child, parent in parents.items() if parent == one]
    return found


def cpu_seconds(pid):
    """User and system time of the family, of those that have ended too, by the kernel's ticks of 10 ms."""
    ticks = 0
    for one in family(pid):
        try:
            with open(f"/proc/{one}/stat", encoding="utf-8", errors="replace") as file:
                # utime, stime, and both of children that were waited for.
                ticks += sum(map(int, file.read().rpartition(")")[2].split()[11:15]))
        except OSError:
            pass
    return ticks / TICK


def memory_bytes(pid):
    """Memory of the family: a page that n processes share counts as its n-th part for each."""
    total = 0
    for one in family(pid):
        try:
            with open(f"/proc/{one}/smaps_rollup", encoding="utf-8") as file:
                for line in file:
                    # Pages of files that are only mapped are the page cache's.
                    if line.startswith("Pss_Anon:") or line.startswith("Pss_Shmem:"):
                        total += int(line.split()[1]) << 10
        except OSError:
            pass
    return total


class PeakMemory:
    """Looks at a family's memory until told to stop."""

    def __init__(self, pid, seconds=0.02):
        self.bytes = 0
        self.pid = pid
        self.seconds = seconds
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self.watch, daemon=True)
        self.thread.start()

    def watch(self):
        while not self.ended.is_set():
            self.bytes = max(self.bytes, memory_bytes(self.pid))
            time.sleep(self.seconds)

    def stop(self):
        self.ended.set()
        self.thread.join()
        return self.bytes
