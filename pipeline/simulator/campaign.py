"""What all simulated instruments are told, and what they answer: the files they would make."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from zlib import crc32

import numpy as np

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class File:
    """A file that an archive shows from some time on.

    path : HOST/PATH
    appears : UTC
    write : makes it at the path it is given
    """

    path: str
    appears: datetime
    write: Callable[[Path], object]


@dataclass(frozen=True, slots=True)
class Campaign:
    """One simulated stretch of observing.

    seed : of everything random about instruments and weather
    end : UTC; what would appear later is not there yet
    every : series that are denser are thinned to one file in this time
    hmi_size : pixels along a side of HMI frames; the real ones have 4096
    """

    seed: int
    end: datetime
    every: timedelta = HOUR
    hmi_size: int = 1024

    def rng(self, *key: object) -> np.random.Generator:
        """Random numbers of their own for everything that has a different *key*."""
        return np.random.default_rng([self.seed, crc32(repr(key).encode())])

    def times(
        self, hour: datetime, cadence: timedelta, offset: timedelta = timedelta()
    ) -> Iterator[datetime]:
        """Times of observation within the *hour*, every *cadence* from midnight + *offset*."""
        step = -(-max(cadence, self.every) // cadence) * cadence
        midnight = hour.replace(hour=0) + offset
        n = -(-(hour - midnight) // step)
        while (time := midnight + n * step) < hour + HOUR:
            yield time
            n += 1

    def lost(self, series: str, time: datetime, block: timedelta, share: float) -> bool:
        """Whether *series* has a gap then: whole *blocks* of time are lost, a *share* of them."""
        number = int(time.timestamp() // block.total_seconds())
        return bool(self.rng("lost", series, number).random() < share)
