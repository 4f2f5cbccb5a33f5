"""Whether memory and file descriptors kept still, as the scrapes of a soak saw them.

What a daemon holds between two cycles, when each has given back what it took, is the floor of its
memory; at work it holds tens of MiB more, by what there is to work on, so that medians of short
spells tell how busy it was. The floor is therefore judged in every life, against its own first
half, and where a life is long enough twice more: by its growth from map to map, and by medians.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import NamedTuple

WARM = (
    2  # maps published in a life; the first loads the compiled code, the second has one to carry on
)
ENOUGH = 12  # scrapes, so that half of them see both cycles and the time between
FLAT = 1.10  # growth of the memory that stays, from the first half after the warm-up to the second
LONG = 40  # maps from the second quarter of a life to the last, beyond which a trend can be told
PER_MAP = 0.25  # MiB by which a map may raise the floor; a year's would be 2 GiB
FEW = 8  # file descriptors more


class Sample(NamedTuple):
    """One scrape of the daemon that began at *start*."""

    start: float
    time: float
    rss: float
    fds: float
    cycles: float


class Growth(NamedTuple):
    """Of memory (MiB) and file descriptors in one life.

    floor : in the first and the second half
    quarters : the floor in the second and the last quarter
    medians : of the same quarters
    maps : published from the one quarter to the other
    fds : medians of the halves
    """

    seconds: float
    floor: tuple[float, float]
    quarters: tuple[float, float]
    medians: tuple[float, float]
    maps: float
    fds: tuple[float, float]

    @property
    def per_map(self) -> float:
        """MiB by which a map raised the floor."""
        return (self.quarters[1] - self.quarters[0]) / max(self.maps, 1.0)

    @property
    def none(self) -> bool:
        """Whether this was none."""
        trend = self.per_map <= PER_MAP and self.medians[1] <= FLAT * self.medians[0]
        return (
            self.floor[1] <= FLAT * self.floor[0]
            and self.fds[1] <= self.fds[0] + FEW
            and (self.maps < LONG or trend)
        )


def steady(samples: Iterable[Sample]) -> tuple[bool, dict[str, object]]:
    """Whether they did in every life that was long enough to tell, if any was, and the figures."""
    lives = [list(life) for _, life in groupby(samples, key=lambda sample: sample.start)]
    warm = [[sample for sample in life if sample.cycles >= WARM] for life in lives]
    judged = [_growth(life) for life in warm if len(life) >= ENOUGH]
    return bool(judged) and all(growth.none for growth in judged), {
        "lives": len(lives),
        "judged": [
            {
                "seconds": round(growth.seconds),
                "rss_mib": [round(mib) for mib in growth.floor],
                "quarters_mib": [round(mib) for mib in growth.quarters],
                "medians_mib": [round(mib) for mib in growth.medians],
                "maps_between": round(growth.maps),
                "mib_per_map": round(growth.per_map, 2),
                "fds": list(growth.fds),
            }
            for growth in judged
        ],
    }


def _growth(life: Sequence[Sample]) -> Growth:
    half, quarter = len(life) // 2, len(life) // 4
    halves = life[:half], life[half:]
    quarters = life[quarter : 2 * quarter], life[-quarter:]
    begin, end = (statistics.median(one.cycles for one in part) for part in quarters)
    return Growth(
        seconds=life[-1].time - life[0].time,
        floor=(_floor(halves[0]), _floor(halves[1])),
        quarters=(_floor(quarters[0]), _floor(quarters[1])),
        medians=(_median(quarters[0]), _median(quarters[1])),
        maps=end - begin,
        fds=(
            statistics.median(one.fds for one in halves[0]),
            statistics.median(one.fds for one in halves[1]),
        ),
    )


def _floor(part: Sequence[Sample]) -> float:
    return min(one.rss for one in part) / 2**20


def _median(part: Sequence[Sample]) -> float:
    return statistics.median(one.rss for one in part) / 2**20
