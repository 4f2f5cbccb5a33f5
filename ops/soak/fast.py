"""A clock that runs fast, at a rate that can be changed, and that can be set.

It is a file, so that soak and daemon read the same one.
"""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pipeline.core.clock import Clock


class FastClock(Clock):
    """The clock in the file *path*: what it showed when, how fast it goes, how it was set."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._changing = threading.Lock()

    @classmethod
    def begin(cls, path: Path, epoch: datetime, rate: float) -> FastClock:
        """A new clock that shows *epoch* now."""
        clock = cls(path)
        clock._write(epoch.timestamp(), rate, 0.0)
        return clock

    @property
    def rate(self) -> float:  # type: ignore[override]  # a plain number elsewhere
        """Its seconds in one of the machine."""
        return self._read()[2]

    def now(self) -> datetime:
        """What it shows."""
        return self.undisturbed() + timedelta(seconds=self._read()[3])

    def undisturbed(self) -> datetime:
        """What it would show had nobody set it."""
        at, since, rate, _ = self._read()
        return datetime.fromtimestamp(at + (time.monotonic() - since) * rate, UTC)

    def go(self, rate: float) -> None:
        """Change how fast it goes."""
        with self._changing:
            if rate != self.rate:
                self._write(self.undisturbed().timestamp(), rate, self._read()[3])

    def step(self, seconds: float) -> None:
        """Set it, by so much."""
        with self._changing:
            _, _, rate, offset = self._read()
            self._write(self.undisturbed().timestamp(), rate, offset + seconds)

    def _read(self) -> tuple[float, float, float, float]:
        at, since, rate, offset = (float(word) for word in self._path.read_text().split())
        return at, since, rate, offset

    def _write(self, at: float, rate: float, offset: float) -> None:
        part = self._path.with_suffix(".part")
        part.write_text(f"{at} {time.monotonic()} {rate} {offset}")
        part.replace(self._path)
