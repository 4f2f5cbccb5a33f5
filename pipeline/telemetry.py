"""What a cycle shows of itself while it works: its acts, timed.

Knows: names of acts, clocks, and how to be stopped between two acts. Refuses
to know: what an act does, and who reads the figures.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from prometheus_client import Gauge, Histogram

from pipeline.core import AllsunError

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
_stopping = threading.Event()
_progressed = time.monotonic()


class Stopped(AllsunError):
    """The work was given up between two acts, because the process is to end."""


@contextmanager
def act(stage: str) -> Iterator[None]:
    """Time what is done within; works as a decorator, too.

    Raises
    ------
    Stopped : :func:`stop` was called before.
    """
    if _stopping.is_set():
        raise Stopped(f"The cycle was stopped before {stage}; the next start makes up for it.")
    begun = time.monotonic()
    try:
        yield
    finally:
        SECONDS.labels(stage).observe(time.monotonic() - begun)
        progressed()


def progressed() -> None:
    """Note that the work goes on."""
    global _progressed
    _progressed = time.monotonic()
    PROGRESS.set(time.time())


def idle() -> float:
    """Seconds since the work last went on, whatever was done to the clock."""
    return time.monotonic() - _progressed


def stop() -> None:
    """Let no further act begin in this process."""
    _stopping.set()
