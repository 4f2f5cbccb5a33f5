"""The data sets by name, and the one function that builds them.

Knows: which recipe a name stands for, what it needs, and how a period is divided into
whole months of training, validation and test.
Refuses to know: how any pair is made.

To add a data set, write a recipe that lists its items and enter it in :data:`DATASETS`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np
from rich import progress as bars
from rich.console import Console

from models.data import aia, archives, disks, farside, forward, shards, sharp, simulated
from models.data.scene import Scene
from models.data.shards import Index, Item, Track
from models.data.split import DISKS, MONTHS, SEASONS, SHARPS, SUNS, HeldOut
from pipeline.archives import Fetcher, Ledger
from pipeline.archives.catalog import HOUR
from pipeline.core import BadRequest, CannotWrite

Period = tuple[datetime, datetime]

EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
# A day later the Sun shows itself 13 degrees on; another hour shows it to another site.
EVERY = timedelta(hours=25)
FACTOR = 4  # pixels of HMI along one of GONG's or MDI's
REVISION = 1  # of the recipes: raised when the same request gives other scenes


@dataclass(frozen=True, slots=True)
class Request:
    """What a recipe is told.

    mirror : of the archives, a web address or a folder; None asks the archives
    period : first and last time, UTC; None where the recipe needs none
    every : from one observation to the next
    fetcher : of the archives
    """

    mirror: str | None
    period: Period | None
    every: timedelta
    fetcher: Fetcher

    @property
    def folder(self) -> Path:
        """The mirror, for recipes that use what only a folder has.

        Raises
        ------
        BadRequest : the mirror is not a folder.
        """
        if self.mirror is None or not Path(self.mirror).is_dir():
            raise BadRequest("This data set is made from files: name their folder by --archive.")
        return Path(self.mirror)

    def times(self, step: timedelta) -> list[datetime]:
        """Times within the period, *every* or some more apart: whole steps from an epoch.

        The same in every run, so that a data set can grow at either end.

        Raises
        ------
        BadRequest : no period was given, or it ends before it begins.
        """
        if self.period is None:
            raise BadRequest("This data set is made for a period: give --start and --end.")
        start, end = self.period
        if end < start:
            raise BadRequest(f"The period ends ({end:%Y-%m-%d}) before it begins; turn it round.")
        apart = -(-self.every // step) * step
        first, last = -(-(start - EPOCH) // apart), (end - EPOCH) // apart
        return [EPOCH + n * apart for n in range(first, last + 1)]


@dataclass(frozen=True, slots=True)
class DataSet:
    """A recipe: what it is made of, in a line, and the items with what is held out."""

    about: str
    items: Callable[[Request], tuple[list[Item], HeldOut]]


def _patches(request: Request) -> tuple[list[Item], HeldOut]:
    folder = request.folder
    held_out = HeldOut(SHARPS.validation | DISKS.validation, SHARPS.test | DISKS.test)
    frames = sorted(folder.glob("jsoc.stanford.edu/data/hmi/fits/*/*/*/hmi.M_720s*.fits"))
    whole = [Item(file.name, partial(_one, disks.read_scene, file)) for file in frames]
    return [*_sharps(folder, sharp.scene), *whole], held_out


def _through(camera: forward.Camera, request: Request) -> tuple[list[Item], HeldOut]:
    def seen(file: Path) -> Scene:
        rng = np.random.default_rng(crc32(file.name.encode()))
        [pair] = forward.paired([sharp.scene(file)], camera, FACTOR, rng)
        return pair

    return _sharps(request.folder, seen), SHARPS


def _sharps(folder: Path, make: Callable[[Path], Scene]) -> list[Item]:
    files = sorted((folder / "extra/sharp").glob(sharp.PATTERN))
    if not files:
        raise BadRequest(f"{folder}: holds no extra/sharp/{sharp.PATTERN}; name another folder.")
    return [Item(file.name, partial(_one, make, file)) for file in files]


def _one(make: Callable[[Path], Scene], file: Path) -> list[Scene]:
    return [make(file)]


def _stacked(request: Request) -> tuple[list[Item], HeldOut]:
    return archives.stacked(request.fetcher, request.times(HOUR)), SEASONS


def _paired(partner: archives.Partner, request: Request) -> tuple[list[Item], HeldOut]:
    times = request.times(partner.cadence)
    return archives.paired(request.fetcher, partner, times, factor=FACTOR), SEASONS


def _simulated(camera: forward.Camera, factor: int, request: Request) -> tuple[list[Item], HeldOut]:
    times = request.times(HOUR)
    return simulated.paired(request.folder, camera, times, factor=factor), SEASONS


def _pictured(request: Request) -> tuple[list[Item], HeldOut]:
    often = replace(request, every=min(request.every, aia.HALF_DAY))
    return aia.paired(request.fetcher, often.times(aia.HALF_DAY), MONTHS), MONTHS


def _suns(suns: Sequence[farside.Sun], _request: Request) -> tuple[list[Item], HeldOut]:
    return farside.items(suns), SUNS


DATASETS: Mapping[str, DataSet] = {
    "hmi-denoise": DataSet("HMI 45 s frames and leave-one-out stacks, from the archives", _stacked),
    "hmi-denoise-patches": DataSet(
        "active-region patches and 720 s frames of HMI, from a folder", _patches
    ),
    "gong-to-hmi": DataSet(
        "GONG and HMI frames, from the archives", partial(_paired, archives.GONG)
    ),
    "mdi-to-hmi": DataSet("MDI and HMI frames, from the archives", partial(_paired, archives.MDI)),
    "gong-to-hmi-patches": DataSet(
        "active-region patches as GONG would report them, from a folder",
        partial(_through, forward.GONG),
    ),
    "mdi-to-hmi-patches": DataSet(
        "active-region patches as MDI would report them, from a folder",
        partial(_through, forward.MDI),
    ),
    "aia-to-hmi": DataSet("AIA and HMI every 12 h, from the archives", _pictured),
    "simulated-farside": DataSet(
        "far sides of simulated Suns, and what is there",
        partial(_suns, farside.TRAINING + farside.VALIDATION),
    ),
    "simulated-farside-references": DataSet(
        "the same with pictures of a rotation before", partial(_suns, farside.REFERENCED)
    ),
    "simulated-farside-test": DataSet(
        "Suns and viewpoints that no far-side network learns from", partial(_suns, farside.TEST)
    ),
    "simulated-hmi-denoise": DataSet(
        "HMI 45 s frames of a simulated archive, and what is behind the noise",
        partial(_simulated, simulated.HMI_45S, 1),
    ),
    "simulated-gong-to-hmi": DataSet(
        "GONG frames of a simulated archive, and what HMI would see",
        partial(_simulated, forward.GONG, FACTOR),
    ),
    "simulated-mdi-to-hmi": DataSet(
        "MDI frames of a simulated archive, and what HMI would see",
        partial(_simulated, forward.MDI, FACTOR),
    ),
}


def build(
    name: str,
    out: Path,
    *,
    mirror: str | None = None,
    period: Period | None = None,
    every: timedelta = EVERY,
    progress: Track | None = None,
) -> Index:
    """Build the data set *name* in *out*, or go on where an earlier run was stopped.

    mirror : web address or folder that stands for the archives, or holds the files
    period : first and last time (UTC) of observations, for data sets of the archives
    every : from one observation to the next
    progress : wraps the items, told how many there are; by default a bar on a terminal

    What could not be had is in the index's problems, and is tried again by the next run.

    Raises
    ------
    BadRequest : an unknown name, a period or folder that is missing or makes no sense.
    LeakError : the recipe would put a region in two splits.
    CannotWrite : *out* refuses.
    """
    if name not in DATASETS:
        known = "; ".join(f"{known}: {recipe.about}" for known, recipe in DATASETS.items())
        raise BadRequest(f"There is no data set {name!r}. There are {known}.")
    with _fetching(out / "fetched", mirror) as fetcher:
        request = Request(mirror, period, every, fetcher)
        items, held_out = DATASETS[name].items(request)
        recipe = _digest(name, held_out)
        return shards.write(out, name, recipe, items, held_out, progress or partial(_bar, name))


def _bar(name: str, items: Iterable[Item], total: int) -> Iterable[Item]:
    console = Console(stderr=True)
    return bars.track(
        items, f"Building {name}", total, console=console, disable=not console.is_terminal
    )


@contextmanager
def _fetching(folder: Path, mirror: str | None) -> Iterator[Fetcher]:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CannotWrite(
            f"{folder}: {error.strerror}; give permission to write or name another folder."
        ) from error
    with (
        closing(Ledger(f"sqlite:///{folder / 'ledger.sqlite'}")) as ledger,
        Fetcher(folder, ledger, mirror) as fetcher,
    ):
        yield fetcher


def _digest(name: str, held_out: HeldOut) -> str:
    """Of what decides a scene: not the period, so that a data set can grow."""
    said: dict[str, Any] = {
        "name": name,
        "revision": REVISION,
        "validation": sorted(held_out.validation),
        "test": sorted(held_out.test),
    }
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()
