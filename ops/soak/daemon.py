"""The real daemon under a clock that runs fast: ``daemon.py FOLDER ARGUMENTS…``.

FOLDER/clock tells the time. Archives are asked as impatiently as the clock runs, if less often.
Of ten pictures, which take much of a small cycle, one is drawn.
"""

from __future__ import annotations

import itertools
import shutil
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

from fast import FastClock

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
POLLS = timedelta(seconds=4)  # from one poll to the next, which cost as much as they always do


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
    folder, *arguments = sys.argv[1:]
    home = Path(folder)
    fast = FastClock(home / "clock")
    clock.install(fast)
    fetcher.MIRROR_MANNERS = (IMPATIENT,)
    schedule.SHORTEST = POLLS
    products.write_quicklook = seldom(products.write_quicklook, home / "picture.png")
    products.write_coronal_picture = seldom(products.write_coronal_picture, home / "corona.png")
    app(arguments)
