"""Which polarity leads in an active region: Hale's law, as an input of networks.

Knows: dates of the cycles and the latitudes of their regions. Refuses to know: whether a
region lies there, and that a few in a hundred break the law.
"""

from __future__ import annotations

from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from pipeline.core.geometry import Floats

YEAR = 365.2425  # days
# Start of cycles, years (SILSO, Royal Observatory of Belgium, smoothed number version 2).
FIRST, MINIMA, PERIOD = 21, (1976.2, 1986.7, 1996.6, 2008.96, 2019.96), 11.0
OVERLAP = (1.0, 2.5)  # years before and after a start in which both cycles have regions
EQUATOR = 3.0  # deg; so near to it, regions reach across


def leading_polarity(time: datetime, lat: Floats) -> NDArray[np.float32]:
    """Sign of the western polarity of regions at latitudes *lat* [deg]; near 0 at the equator.

    In the north it is negative in even cycles (Hale & Nicholson 1925, ApJ 62, 270). Around a
    minimum, regions nearer to the mean latitude of the new cycle than of the old one belong
    to the new: 28 exp(-t / 90 months) (Hathaway 2011, Sol. Phys. 273, 221).
    """
    year = 1.0 + (time.toordinal() - 1) / YEAR
    number = FIRST
    while _start(number + 1) - OVERLAP[0] <= year:
        number += 1
    sign = np.full(np.shape(lat), _north(number), np.float64)
    if year < _start(number) + OVERLAP[1]:
        border = (_latitude(year, number) + _latitude(year, number - 1)) / 2.0
        sign = np.where(np.abs(lat) < border, _north(number - 1), sign)
    return np.asarray(sign * np.clip(np.asarray(lat) / EQUATOR, -1.0, 1.0), np.float32)


def _north(number: int) -> float:
    return -1.0 if number % 2 == 0 else 1.0


def _start(number: int) -> float:
    known = number - FIRST
    last = len(MINIMA) - 1
    return MINIMA[known] if known <= last else MINIMA[last] + PERIOD * (known - last)


def _latitude(year: float, number: int) -> float:
    return float(28.0 * np.exp(-12.0 * max(0.0, year - _start(number)) / 90.0))
