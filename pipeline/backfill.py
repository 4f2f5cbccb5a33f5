"""The maps of a past period, one after the other.

Knows: which times, and what became of each. Refuses to know: how a map is made. Each is
carried on from the one before, so they cannot be made side by side; a period can be cut into
years, each spun up by itself.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from pipeline.core import NothingObserved, clock
from pipeline.cycle import run_cycle
from pipeline.publish import ProductSet
from pipeline.settings import Settings

Track = Callable[[Sequence[datetime]], Iterable[datetime]]


@dataclass(slots=True)
class Done:
    """What became of the times asked for.

    unchanged : their sets rest on the same inputs and settings, so they stand
    failed : why there is no map of a time
    seconds : all of it took
    """

    published: list[ProductSet] = field(default_factory=list)
    unchanged: list[ProductSet] = field(default_factory=list)
    failed: dict[datetime, str] = field(default_factory=dict)
    seconds: float = 0.0


def run_backfill(
    start: datetime,
    end: datetime,
    every: timedelta,
    settings: Settings,
    spinup: timedelta | None = None,
    track: Track = lambda times: times,
) -> Done:
    """Make the maps valid at *start*, *start* + *every*, … up to *end*.

    spinup : begin the first map this long before it, unless there is an earlier one
    track : wraps the times, to show progress

    Begun again after it was interrupted it finds what it published and goes on behind that.

    Raises
    ------
    CannotWrite : the data directory refuses; what was published stands.
    """
    done, begun = Done(), time.monotonic()
    times = [start + n * every for n in range((end - start) // every + 1)]
    for valid in track(times):
        first = spinup if valid == start else None
        asked = clock.now()
        try:
            made = run_cycle(valid, settings, first)
        except NothingObserved as error:
            done.failed[valid] = str(error)
        else:
            (done.published if made.created >= asked else done.unchanged).append(made)
    done.seconds = time.monotonic() - begun
    return done
