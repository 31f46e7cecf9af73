# SPDX-License-Identifier: 0BSD
"""Run programs, and watch what else the machine does meanwhile."""
import dataclasses
import os
import resource
import signal
import subprocess
import tempfile
import time

TICK = os.sysconf("SC_CLK_TCK")
# More processors' worth of work than this by others, and a run counts as loaded.
LOADED = 0.15
# Below this time, in seconds, the system's count of ticks says too little.
SHORT = 0.1


# Never sleeps; it ends by itself after so many seconds of work, should nobody end it before.
HOG = ["sh", "-c", "ulimit -t 300; while :; do :; done"]


class Failure(Exception):
    """A program that did not do what it was asked for."""


def busy():
    """Seconds that all processors together have worked, also for other guests of the host."""
    with open("/proc/stat", encoding="ascii") as file:
        user, nice, system, _idle, _wait, irq, softirq, steal = map(int, file.readline().split()[1:9])
    return (user + nice + system + irq + softirq + steal) / TICK


def running():
    """How many threads of the machine could run now."""
    with open("/proc/stat", encoding="ascii") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("procs_running"))


class Watch:
    """How many processors others kept busy since it was made; None if that was too short to tell."""

    def __init__(self):
        self.begin = self._now()

    @staticmethod
    def _now():
        children = resource.getrusage(resource.RUSAGE_CHILDREN)
        own = time.process_time() + children.ru_utime + children.ru_stime
        return time.monotonic(), busy() - own

    def load(self):
        """Children count as ours once they have been waited for."""
        time_now, others_now = self._now()
        elapsed = time_now - self.begin[0]
        if elapsed < SHORT:
            return None
        return max(0.0, (others_now - self.begin[1]) / elapsed)


class Gate:
    """Lets a run begin on a quiet machine, as long as its patience lasts."""

    def __init__(self, patience):
        self.patience = patience

    def quiet(self, patience):
        """Wait until nobody else works, for `patience` seconds at most; whether that came true."""
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
        """The same, out of the patience for all runs."""
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
    """Run a program to its end; what it printed, and the load by others meanwhile."""
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
