"""Whether memory and file descriptors kept still, as the scrapes of a soak saw them."""

from __future__ import annotations

import statistics
from collections.abc import Iterable
from itertools import groupby
from typing import NamedTuple

WARM = (
    2  # maps published in a life; the first loads the compiled code, the second has one to carry on
)
ENOUGH = 12  # scrapes, so that half of them see both cycles and the time between
FLAT = 1.10  # growth of the memory that stays, from the first half after the warm-up to the second
FEW = 8  # file descriptors more


class Sample(NamedTuple):
    """One scrape of the daemon that began at *start*."""

    start: float
    time: float
    rss: float
    fds: float
    cycles: float


def steady(samples: Iterable[Sample]) -> tuple[bool, dict[str, object]]:
    """Whether they did in every life that was long enough to tell, if any was, and the figures."""
    lives = [list(life) for _, life in groupby(samples, key=lambda sample: sample.start)]
    warm = [[sample for sample in life if sample.cycles >= WARM] for life in lives]
    judged = [_growth(life) for life in warm if len(life) >= ENOUGH]
    good = all(rss <= FLAT * first and fds <= before + FEW for first, rss, before, fds, _ in judged)
    return good and bool(judged), {
        "lives": len(lives),
        "judged": [
            {"seconds": round(seconds), "rss_mib": [round(first), round(rss)], "fds": [before, fds]}
            for first, rss, before, fds, seconds in judged
        ],
    }


def _growth(life: list[Sample]) -> tuple[float, float, float, float, float]:
    """Memory that stays (MiB) and descriptors, in the first and the second half, and the length.

    What stays is the least of a half, between two cycles, when each has given back what it took;
    how much that is depends on what there was to work on, and varies by a tenth from hour to hour.
    """
    half = len(life) // 2
    first, second = life[:half], life[half:]
    rss = [min(sample.rss for sample in part) / 2**20 for part in (first, second)]
    fds = [statistics.median(sample.fds for sample in part) for part in (first, second)]
    return rss[0], rss[1], fds[0], fds[1], life[-1].time - life[0].time
