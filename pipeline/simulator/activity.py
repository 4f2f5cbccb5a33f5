"""The solar cycle: how much emerges, at which latitudes, and what the poles are like.

Known for any date: measured minima and maxima where there are any (SILSO, Royal
Observatory of Belgium, smoothed sunspot number version 2), the mean cycle elsewhere.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from pipeline.core.geometry import Floats

YEAR = 365.2425  # days
FIRST, LAST = 19, 25
MINIMUM = (1954.3, 1964.8, 1976.2, 1986.7, 1996.6, 2008.96, 2019.96)  # start of each, years
MAXIMUM = (285.0, 157.0, 233.0, 213.0, 180.0, 116.0, 161.0)  # sunspot number
MEAN_MAXIMUM, PERIOD = 179.0, 11.0  # of cycles 1 to 24 (SILSO)
REVERSAL = 0.75  # chosen: puts the poles' reversal at two fifths of a cycle
MEAN_CYCLE_PEAK = 0.5234  # of the formula in sunspot_number


@dataclass(frozen=True, slots=True)
class Cycle:
    """A sunspot cycle: its number, start and length in years, and largest sunspot number."""

    number: int
    start: float
    length: float
    maximum: float

    @property
    def north_leads(self) -> int:
        """Polarity that leads in the north (Hale): negative in even cycles."""
        return -1 if self.number % 2 == 0 else 1

    def sunspot_number(self, year: ArrayLike) -> Floats:
        """Mean cycle x³/(exp(x²) - .8), x = (t + 4 months)/54 months (Hathaway 2015, LRSP 12, 4).

        Scaled to the height of this one.
        """
        x = np.clip((12.0 * (np.asarray(year, float) - self.start) + 4.0) / 54.0, 0.0, 6.0)
        return np.asarray(self.maximum / MEAN_CYCLE_PEAK * x**3 / (np.exp(x**2) - 0.8))

    def latitude(self, year: float) -> float:
        """Mean latitude of its regions, deg: 28 exp(-t/90 months) (Hathaway 2011)."""
        return float(28.0 * np.exp(-12.0 * (year - self.start) / 90.0))


def year_of(day: float) -> float:
    """Calendar year and fraction of a proleptic ordinal *day*."""
    return 1.0 + (day - 1.0) / YEAR


def cycles_at(year: float) -> tuple[Cycle, Cycle]:
    """The cycle that fades and the one that rules in *year*."""
    number = FIRST - 1
    while _cycle(number + 1).start <= year:
        number += 1
    while _cycle(number).start > year:
        number -= 1
    return _cycle(number - 1), _cycle(number)


def polar_field(year: float) -> float:
    """Field of the northern cap relative to its value at minimum, -1…1.

    At the minimum before a cycle the north has the polarity that will lead there; it
    reverses near maximum, at two fifths of the way to the next minimum.
    """
    _, cycle = cycles_at(year)
    phase = ((year - cycle.start) / cycle.length) ** REVERSAL
    return float(cycle.north_leads * np.cos(np.pi * phase))


def _start(number: int) -> float:
    if number > LAST:
        return MINIMUM[-1] + PERIOD * (number - LAST)
    if number < FIRST:
        return MINIMUM[0] + PERIOD * (number - FIRST)
    return MINIMUM[number - FIRST]


def _cycle(number: int) -> Cycle:
    known = FIRST <= number <= LAST
    return Cycle(
        number=number,
        start=_start(number),
        length=_start(number + 1) - _start(number),
        maximum=MAXIMUM[number - FIRST] if known else MEAN_MAXIMUM,
    )
