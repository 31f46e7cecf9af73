# SPDX-License-Identifier: 0BSD
"""Run programs, and measure the load by other processes meanwhile."""
import dataclasses
import os
import resource
import signal
import subprocess
import tempfile
import time

TICK = os.sysconf("SC_CLK_TCK")
# A run counts as loaded if other processes keep more than this number of processors busy.
LOADED = 0.15
# Below this time, in seconds, the system's count of ticks is too coarse.
SHORT = 0.1


# A process that never sleeps, for at most 300 seconds of processor time.
HOG = ["sh", "-c", "ulimit -t 300; while :; do :; done"]


class Failure(Exception):
    """A program that failed or hung."""


def busy():
    """Busy seconds of all processors together, including time stolen by other guests of the host."""
    with open("/proc/stat", encoding="ascii") as file:
        user, nice, system, _idle, _wait, irq, softirq, steal = map(int, file.readline().split()[1:9])
    return (user + nice + system + irq + softirq + steal) / TICK


def running():
    """Number of runnable threads of the machine."""
    with open("/proc/stat", encoding="ascii") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("procs_running"))


class Watch:
    """Number of processors that others kept busy since its creation; None if that is too recent."""

    def __init__(self):
        self.begin = self._now()

    @staticmethod
    def _now():
        children = resource.getrusage(resource.RUSAGE_CHILDREN)
        own = time.process_time() + children.ru_utime + children.ru_stime
        return time.monotonic(), busy() - own

    def load(self):
        """Return the load.  A child counts as ours only after it was waited for."""
        time_now, others_now = self._now()
        elapsed = time_now - self.begin[0]
        if elapsed < SHORT:
            return None
        return max(0.0, (others_now - self.begin[1]) / elapsed)


class Gate:
    """Delays runs until the machine is quiet, while its patience (in seconds) lasts."""

    def __init__(self, patience):
        self.patience = patience

    def quiet(self, patience):
        """Wait until no other process runs, for at most `patience` seconds; return whether so."""
        end = time.monotonic() + patience
        while True:
            watch, calm = Watch(), True
            for _ in range(4):
                calm = calm and running() <= 1
                time.sleep(SHORT / 3)
            if calm and watch.load() < LOADED:
                return True
            if time.monotonic() >= end:
                return False

    def wait(self):
        """The same, subtracting the time from the patience for all runs."""
        if self.patience <= 0:
            return
        begin = time.monotonic()
        self.quiet(min(3.0, self.patience))
        self.patience -= time.monotonic() - begin


@dataclasses.dataclass
class Outcome:
    output: str
    load: float | None


def one_processor():
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})


def run(command, pinned=False, hog=False, timeout=120, environment=None):
    """Run a program to its end; return its output, and the load by others meanwhile."""
    watch = Watch()
    beside = subprocess.Popen(HOG) if hog else None
    try:
        with tempfile.TemporaryFile("w+") as output, tempfile.TemporaryFile("w+") as errors:
            program = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=output, stderr=errors,
                preexec_fn=one_processor if pinned else None, start_new_session=True,
                env={**os.environ, **(environment or {})})
            try:
                status = program.wait(timeout)
            except subprocess.TimeoutExpired:
                status = f"not done after {timeout} s"
            finally:
                if program.poll() is None:
                    os.killpg(program.pid, signal.SIGKILL)
                    program.wait()
            output.seek(0)
            errors.seek(0)
            text, said = output.read(), errors.read().strip()
    finally:
        if beside:
            beside.kill()
            beside.wait()
    if status != 0:
        raise Failure(f"{status if isinstance(status, str) else said or f'status {status}'}")
    return Outcome(text, watch.load())
