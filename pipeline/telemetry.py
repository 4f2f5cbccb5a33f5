"""What a cycle shows of itself while it works: its acts, timed.

Knows: names of acts, clocks, and how to be stopped between two acts. Refuses to know: what an
act does, and who reads the figures.
"""

from __future__ import annotations

import functools
import threading
import time
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from prometheus_client import Gauge, Histogram

from pipeline.core import AllsunError

P = ParamSpec("P")
T = TypeVar("T")

SECONDS = Histogram(
    "allsun_stage_duration_seconds",
    "Time that one act of a cycle took",
    ["stage"],
    buckets=(0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 100, 300, 1000),
)
PROGRESS = Gauge(
    "allsun_cycle_progress_timestamp_seconds",
    "When the daemon's work last went a step further, or was seen to be waiting as it should",
)


class Stopped(AllsunError):
    """The work was given up between two acts, because the process is to end."""


class _Now(threading.local):
    """The act that goes on in this thread, and when it began."""

    stage = ""
    begun = 0.0


_now = _Now()
_stopping = threading.Event()
_progressed = time.monotonic()


def acts(work: Callable[P, T]) -> Callable[P, T]:
    """Let the last act that *work* begins end with it."""

    @functools.wraps(work)
    def timed(*arguments: P.args, **named: P.kwargs) -> T:
        try:
            return work(*arguments, **named)
        finally:
            _end()

    return timed


def act(stage: str) -> None:
    """Begin an act; the one before ends here.

    Raises
    ------
    Stopped : :func:`stop` was called before.
    """
    _end()
    if _stopping.is_set():
        raise Stopped(f"The cycle was stopped before it could {stage}; the next start makes it.")
    _now.stage, _now.begun = stage, time.monotonic()


def progressed() -> None:
    """Note that the work goes on."""
    global _progressed  # one process, one progress
    _progressed = time.monotonic()
    PROGRESS.set(time.time())


def idle() -> float:
    """Seconds since the work last went on, whatever was done to the clock."""
    return time.monotonic() - _progressed


def stop() -> None:
    """Let no further act begin in this process."""
    _stopping.set()


def _end() -> None:
    if _now.stage:
        SECONDS.labels(_now.stage).observe(time.monotonic() - _now.begun)
        _now.stage = ""
        progressed()
