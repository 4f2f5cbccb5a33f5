"""What is done to the daemon, and by which metric it must show.

A trouble is a function of the :class:`Stage`; it returns how it must show, as the name of a
metric's sample that has to grow.
"""

from __future__ import annotations

import os
import random
import resource
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from fast import FastClock

from pipeline.simulator.faults import Fault, Trick
from pipeline.simulator.server import ArchiveServer

TROUBLE = 'allsun_fetches_total{outcome="trouble"}'
CORRUPT = 'allsun_fetches_total{outcome="corrupt"}'
ODD = 'allsun_odd_listings_total{{oddity="{}"}}'
FRAMES, LISTINGS = ".fits", "/hmi/fits/"
TWO_POLLS = 4  # listings of HMI, of two days each
LONGEST_POLL = 60.0  # s
# The trick, what it strikes, how many requests, and where it must show.
TRICKS: tuple[tuple[Trick, str, int, str], ...] = (
    (Trick.TOO_MANY_REQUESTS, FRAMES, 3, TROUBLE),
    (Trick.FORBIDDEN, FRAMES, 1, TROUBLE),
    (Trick.UNAVAILABLE, FRAMES, 3, TROUBLE),
    (Trick.GONE, FRAMES, 1, 'allsun_fetches_total{outcome="absent"}'),
    (Trick.STALLED, FRAMES, 2, TROUBLE),
    (Trick.TRUNCATED, FRAMES, 3, TROUBLE),
    (Trick.WRONG_LENGTH, FRAMES, 1, CORRUPT),
    (Trick.WEB_PAGE, FRAMES, 1, CORRUPT),
    (Trick.GZIP_BOMB, ".fits.gz", 1, CORRUPT),
    # Files lie below the same path, and take their part of what is meant for listings.
    (Trick.STALE_LISTING, LISTINGS, 12, ODD.format("shrunk")),
    (Trick.DUPLICATE_SLOT, LISTINGS, 12, ODD.format("repeated")),
    (Trick.HOSTILE_HREF, LISTINGS, 12, ODD.format("elsewhere")),
    # DRMS is asked when the tree does not answer.
    (Trick.DRMS_EMPTY, "cgi-bin/ajax", 2, TROUBLE),
    (Trick.DRMS_OFFLINE, "cgi-bin/ajax", 2, TROUBLE),
    (Trick.DRMS_PENDING, "cgi-bin/ajax", 2, TROUBLE),
)


@dataclass(slots=True)
class Stage:
    """Everything that can be spoilt.

    start : starts a daemon
    restart : starts one whose log lines are read
    clock : of the daemon
    asked : requests that the server had before those of the daemon that runs now
    """

    data: Path
    home: Path
    server: ArchiveServer
    archive: Path
    start: Callable[[], subprocess.Popen[bytes]]
    restart: Callable[[], subprocess.Popen[bytes]]
    daemon: subprocess.Popen[bytes]
    clock: FastClock
    chance: random.Random
    asked: int = 0

    def listed(self) -> None:
        """Wait until the daemon knows what the folders of HMI held before."""
        end = time.monotonic() + LONGEST_POLL
        while time.monotonic() < end:
            paths = self.server.archive.requests[self.asked :]
            if sum(LISTINGS in path and path.endswith("/") for path in paths) >= TWO_POLLS:
                return
            time.sleep(0.2)

    def rest(self, hours: float) -> None:
        """Let some *hours* of the clock pass."""
        end = self.clock.undisturbed() + timedelta(hours=hours)
        while self.clock.undisturbed() < end:
            time.sleep(0.2)


Trouble = Callable[[Stage], str]


def archive_fault(trick: Trick, match: str, times: int, shows: str) -> Trouble:
    """The *trick* as a trouble."""

    def trouble(stage: Stage) -> str:
        if trick is Trick.STALE_LISTING:
            stage.listed()
        if match.startswith("cgi-bin"):
            stage.server.inject(Fault(Trick.UNAVAILABLE, "/data/hmi/fits/", 4))
        stage.server.inject(Fault(trick, match, times))
        return shows

    trouble.__name__ = f"archive: {trick.name.lower()}"
    return trouble


@contextmanager
def _held_back(stage: Stage) -> Iterator[None]:
    """What waits to strike strikes afterwards: now it would be taken for the trouble at hand."""
    waiting = stage.server.archive.withdraw()
    yield
    for fault in waiting:
        stage.server.inject(fault)


def network_cut(stage: Stage) -> str:
    """Nothing answers for two hours."""
    with _held_back(stage):
        port = int(stage.server.url.rpartition(":")[2])
        stage.server.__exit__(None, None, None)
        stage.rest(2)
        stage.server, stage.asked = ArchiveServer(stage.archive, port).__enter__(), 0
    return TROUBLE


def disk_full(stage: Stage) -> str:
    """No file beyond 16 KiB can be written for an hour and a half."""
    limit = 16 * 1024
    with _held_back(stage):
        _, hard = resource.prlimit(stage.daemon.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(stage.daemon.pid, resource.RLIMIT_FSIZE, (limit, hard))
        stage.rest(1.5)
        resource.prlimit(stage.daemon.pid, resource.RLIMIT_FSIZE, (hard, hard))
    return 'allsun_cycles_total{outcome="failed"}'


def killed(stage: Stage) -> str:
    """SIGKILL, and a restart as systemd would."""
    stage.daemon.send_signal(signal.SIGKILL)
    stage.daemon.wait()
    stage.asked = len(stage.server.archive.requests)
    stage.daemon = stage.restart()
    return "process_start_time_seconds"


def clock_step(stage: Stage) -> str:
    """The clock is set forward by six hours, and back two hours later."""
    stage.clock.step(6 * 3600.0)
    stage.rest(2)
    stage.clock.step(-6 * 3600.0)
    return "allsun_clock_steps_total"


def corrupt_ledger(stage: Stage) -> str:
    """A page of the ledger is overwritten."""
    with (stage.data / "ledger.sqlite").open("r+b") as ledger:
        ledger.seek(4096)
        ledger.write(stage.chance.randbytes(4096))
        ledger.flush()
        os.fsync(ledger.fileno())
    return "allsun_ledger_damaged_total"


def deleted_cache(stage: Stage) -> str:
    """Somebody tidies up."""
    shutil.rmtree(stage.data / "cache", ignore_errors=True)
    return "allsun_fetched_bytes_total"


def second_daemon(stage: Stage) -> str:
    """Another one on the same data directory: it must refuse, in one sentence."""
    other = stage.start()
    _, error = other.communicate(timeout=300)
    if other.returncode != 1 or b"a daemon works on this data directory already" not in error:
        raise AssertionError(f"a second daemon: {other.returncode} {error!r}")
    return "allsun_daemons_refused_total"


OTHERS = (network_cut, disk_full, clock_step, corrupt_ledger, deleted_cache)
DEADLY = (killed, second_daemon)
ARCHIVE = tuple(archive_fault(*row) for row in TRICKS)
