"""Real pairs from the archives: a frame and its truth, for any period.

Knows: which series hold what one network is given and what another should answer, how
close in time they must be, and how to ask for them; files are fetched and read by the
pipeline's own rooms.
Refuses to know: formats, addresses beyond the three series that no cycle needs, and
what is done to the pictures.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from zlib import crc32

import numpy as np

from models.data import pairs, stacks, tiles
from models.data.scene import Scene
from models.data.shards import Item
from pipeline.archives import GONG_FULL_DISK, HMI, Fetched, Fetcher, Found, Group
from pipeline.archives.catalog import DAY, HOUR, JSOC, DrmsSeries, Tree
from pipeline.archives.verify import Kind
from pipeline.core import BadFile, NothingObserved, SolarImage, from_tai
from pipeline.instruments import read

SERIES = timedelta(seconds=45)
# No public tree is known to hold frames of 45 s; the first tier finds those that a mirror
# keeps beside the frames of 720 s.
HMI_45S = Group(
    "hmi 45 s",
    (
        (
            Tree(
                name="hmi.M_45s (tree)",
                directory=f"{JSOC}/data/hmi/fits/%Y/%m/%d/",
                pattern=re.compile(r"hmi\.M_45s\.(?P<time>\d{8}_\d{6})_TAI\.fits"),
                time_format="%Y%m%d_%H%M%S",
                kind=Kind.FITS,
                cadence=SERIES,
                latency=5 * DAY,
                clock=from_tai,
            ),
        ),
        (DrmsSeries("hmi.M_45s (DRMS)", "hmi.M_45s", "magnetogram", SERIES, 5 * DAY),),
    ),
)

_MDI = "mdi.fd_M_96m_lev182"
MDI_DISK = Group(
    "mdi",
    (
        (DrmsSeries(f"{_MDI} (DRMS)", _MDI, "data", 96 * timedelta(minutes=1), DAY),),
        # Where a folder of samples keeps it; no archive has this name.
        (
            Tree(
                name=f"{_MDI} (samples)",
                directory="http://extra/mdi/",
                pattern=re.compile(
                    rf"{re.escape(_MDI)}\.(?P<time>\d{{8}}_\d{{6}})_TAI\.data\.fits"
                ),
                time_format="%Y%m%d_%H%M%S",
                kind=Kind.FITS,
                cadence=96 * timedelta(minutes=1),
                latency=DAY,
                clock=from_tai,
            ),
        ),
    ),
)


@dataclass(frozen=True, slots=True)
class Partner:
    """An instrument to be brought to HMI's scale and resolution.

    pixel : arcsec of its pixels in the common frame, as from 1 AU
    cadence : of its series, or of ours if that is sparser: how often a pair can be had
    apart : from its frame to HMI's, at most; in between the surface rotates, which is
        undone, and evolves, which is not
    """

    group: Group
    pixel: float
    cadence: timedelta
    apart: timedelta = timedelta(minutes=13)


GONG = Partner(GONG_FULL_DISK, 2.5, HOUR)
# Hourly frames of HMI and frames every 96 minutes meet within 12 minutes every eight hours.
MDI = Partner(MDI_DISK, 2.0, 8 * HOUR)


def paired(
    fetcher: Fetcher,
    partner: Partner,
    times: Sequence[datetime],
    *,
    factor: int = 4,
    side: int = 512,
    count: int = 12,
) -> list[Item]:
    """Pieces of HMI's frames near each of *times* with what the partner saw of them.

    factor : pixels of the scene along one of the partner's
    side, count : of the pieces: pixels of the scene, and how many at each time
    """
    return [
        Item(key, partial(_paired, fetcher, partner, time, factor, side, count))
        for time in times
        for key in [f"{partner.group.name} {time:%Y-%m-%dT%H:%MZ}"]
    ]


def stacked(
    fetcher: Fetcher, times: Sequence[datetime], *, side: int = 512, count: int = 12
) -> list[Item]:
    """Pieces of HMI's 45 s frames at each of *times* with the stacks of their neighbours."""
    return [
        Item(f"hmi 45 s {time:%Y-%m-%dT%H:%MZ}", partial(_stacked, fetcher, time, side, count))
        for time in times
    ]


def _paired(
    fetcher: Fetcher, partner: Partner, time: datetime, factor: int, side: int, count: int
) -> list[Scene]:
    coarse = read(nearest(fetcher, partner.group, time, partner.apart).file)
    seen = coarse.observation.time
    fine = read(nearest(fetcher, HMI, seen, partner.apart).file)
    whole = pairs.pair(coarse, fine, partner.pixel, factor)
    chosen = tiles.windows(whole.field, side, count, _rng(time))
    return [tiles.cut(whole, window) for window in chosen]


def _stacked(fetcher: Fetcher, time: datetime, side: int, count: int) -> list[Scene]:
    reach = (stacks.FRAMES // 2 + 0.5) * SERIES
    found = fetcher.between(HMI_45S, time - reach, time + reach, SERIES / 2)
    if len(found.files) < stacks.FEWEST * stacks.FRAMES:
        raise NothingObserved(_absent(found, f"a stack of {stacks.FRAMES} frames of 45 s", time))
    middle = min(found.files, key=lambda fetched: abs(fetched.time - time))
    frame = read(middle.file)
    chosen = tiles.windows(frame.data, side, count, _rng(time))
    return stacks.leave_one_out(frame, _usable(f for f in found.files if f != middle), chosen)


def _usable(files: Iterator[Fetched]) -> Iterator[SolarImage]:
    """The frames that can be read: a stack does without the others."""
    for fetched in files:
        try:
            yield read(fetched.file)
        except BadFile:
            continue


def nearest(fetcher: Fetcher, group: Group, time: datetime, apart: timedelta) -> Fetched:
    """The observation nearest to *time*: the newest up to it, unless one after it is nearer."""
    found = fetcher.between(group, time - apart, time + apart, apart / 2)
    if not found.files:
        raise NothingObserved(_absent(found, group.name, time))
    return min(found.files, key=lambda fetched: abs(fetched.time - time))


def _absent(found: Found, what: str, time: datetime) -> str:
    return " ".join([f"There is not {what} at {time:%Y-%m-%dT%H:%MZ}.", *found.problems])


def _rng(time: datetime) -> np.random.Generator:
    """Draws pieces of one time alike in every run."""
    return np.random.default_rng(crc32(time.isoformat().encode()))
