"""The real daemon under a clock that runs fast: ``daemon.py EPOCH STARTED RATE FOLDER ARGUMENTS…``.

EPOCH is what the clock showed when the machine's monotonic clock showed STARTED; it goes RATE
times as fast. FOLDER/offset holds seconds by which it has been set since. Archives are asked
as impatiently as the clock runs, if less often. Of ten pictures, which take two thirds of a
small cycle, one is drawn.
"""

from __future__ import annotations

import itertools
import shutil
import sys
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from pipeline.archives import Manners, fetcher
from pipeline.cli import app
from pipeline.core import clock
from pipeline.publish import products
from pipeline.service import schedule

IMPATIENT = Manners(
    interval=0.0, attempts=2, first_wait=0.02, longest_wait=0.2, patience=0.7, deadline=5.0,
    failures=4, pause=1800.0,
)  # fmt: skip
DRAWN = 10
POLLS = 0.3  # hours of the clock from one poll to the next, which cost as much as at its usual pace


class FastClock(clock.Clock):
    """A clock that runs fast, and that others can set."""

    def __init__(self, epoch: datetime, started: float, rate: float, offset: Path) -> None:
        self.rate = rate
        self._epoch, self._started, self._offset = epoch, started, offset

    def now(self) -> datetime:
        """UTC of the stand-in archive, as far as it was not set."""
        seconds = (time.monotonic() - self._started) * self.rate + float(self._offset.read_text())
        return self._epoch + timedelta(seconds=seconds)


def seldom(draw: Callable[..., None], kept: Path) -> Callable[..., None]:
    """*draw* one time of ten, and its last picture otherwise."""
    count = itertools.count()

    def drawn(path: Path, *arguments: Any) -> None:
        if next(count) % DRAWN == 0 or not kept.exists():
            draw(path, *arguments)
            shutil.copy(path, kept)
        else:
            shutil.copy(kept, path)

    return drawn


if __name__ == "__main__":
    epoch, started, rate, folder, *arguments = sys.argv[1:]
    home = Path(folder)
    clock.install(
        FastClock(datetime.fromisoformat(epoch), float(started), float(rate), home / "offset")
    )
    fetcher.MIRROR_MANNERS = (IMPATIENT,)
    schedule.SHORTEST = timedelta(seconds=POLLS * 3600 / float(rate))
    products.write_quicklook = seldom(products.write_quicklook, home / "picture.png")
    app(arguments)
