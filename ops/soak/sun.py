"""A stand-in archive that grows while the soak runs: frames of a small Sun, as they appear.

Every hour a frame of HMI and one of GONG; some late by hours, and each near-real-time frame of
HMI replaced by a definitive one in the end.
"""

from __future__ import annotations

import os
import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np

from pipeline.core import CarringtonGrid, earth, from_gps, from_tai
from pipeline.simulator.instruments import gong, gong_synoptic, hmi
from pipeline.simulator.sites import SITES
from pipeline.simulator.sun import Moment

GRID = CarringtonGrid(720, 360)
SIDE = 128  # pixels of an HMI frame
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
USUAL = 20 * MINUTE
REGIONS = ((20.0, -15.0, 4.0, 260.0), (30.0, -13.0, 4.0, -260.0), (-44.0, 19.0, 4.0, -220.0),
           (-36.0, 17.0, 4.0, 220.0))  # fmt: skip  # west, latitude, width (deg), G


@dataclass(frozen=True, slots=True)
class Coming:
    """A frame that will appear."""

    appears: datetime
    time: datetime
    kind: str


class GrowingArchive:
    """Writes below *root* what appears, when :meth:`grow` is called."""

    def __init__(self, root: Path, epoch: datetime, seed: int) -> None:
        self.root = root
        self._chance = random.Random(seed)  # noqa: S311  no secret
        lon, lat = GRID.mesh()
        br = 6.0 * np.sin(np.radians(lat)) ** 7
        meridian = earth(epoch).carrington_longitude
        for west, centre, width, strength in REGIONS:
            x = ((lon - meridian - west + 180.0) % 360.0 - 180.0) * np.cos(np.radians(centre))
            br += strength * np.exp(-(x**2 + (lat - centre) ** 2) / (2 * width**2))
        self._sun = Moment(epoch, GRID, br.astype(np.float32), ())
        self._planned = epoch
        self._coming: list[Coming] = []
        self._synoptic(epoch - 25 * HOUR)
        for hours in (2, 1):
            self._write(Coming(epoch, epoch - hours * HOUR, "nrt"))
            self._write(Coming(epoch, epoch - hours * HOUR, "gong"))

    def grow(self, now: datetime) -> None:
        """Let everything appear that is due at *now*."""
        while self._planned <= now:
            self._plan(self._planned)
            self._planned += HOUR
        due = sorted((c for c in self._coming if c.appears <= now), key=lambda c: c.appears)
        for coming in due:
            self._write(coming)
        self._coming = [c for c in self._coming if c.appears > now]

    def _plan(self, hour: datetime) -> None:
        late = self._chance.random()
        behind = USUAL if late < 0.8 else self._chance.randint(1, 5) * HOUR
        self._coming.append(Coming(hour + behind, hour, "nrt"))
        self._coming.append(Coming(hour + USUAL, hour, "gong"))
        if self._chance.random() < 0.3:
            replaced = hour + behind + self._chance.randint(1, 4) * HOUR
            self._coming.append(Coming(replaced, hour, "definitive"))

    def _write(self, coming: Coming) -> None:
        naive = coming.time.replace(tzinfo=None)
        if coming.kind == "gong":
            name = f"{coming.time:%Y%m/bbbqa%y%m%d/bbbqa%y%m%dt%H%M.fits.gz}"
            path = self.root / "gong2.nso.edu/oQR/bqa" / name
            rng = np.random.default_rng(coming.time.hour)
            self._appear(path, coming.appears, lambda part: gong.write(
                part, gong.Look(self._sun, from_gps(naive), SITES[4], rng)))  # fmt: skip
            return
        suffix = "" if coming.kind == "definitive" else "_nrt"
        name = f"{coming.time:%Y/%m/%d}/hmi.M_720s{suffix}.{coming.time:%Y%m%d_%H0000}_TAI.fits"
        rng = np.random.default_rng([coming.time.hour, len(suffix)])
        self._appear(
            self.root / "jsoc.stanford.edu/data/hmi/fits" / name,
            coming.appears,
            lambda part: hmi.write(
                part, self._sun, from_tai(naive), rng, size=SIDE,
                quality=hmi.NO_COSMIC_RAYS if suffix else 0, quick_look=bool(suffix),
            ),
        )  # fmt: skip

    def _synoptic(self, time: datetime) -> None:
        name = f"{time:%Y%m/mrzqs%y%m%d/mrzqs%y%m%dt%H%Mc0000_000.fits.gz}"
        faint = 0.7 * GRID.block_mean(self._sun.br, gong_synoptic.GRID)
        self._appear(self.root / "gong2.nso.edu/oQR/zqs" / name, time + HOUR,
                     lambda part: gong_synoptic.write(part, faint, time, frames=1))  # fmt: skip

    def _appear(self, path: Path, appears: datetime, write) -> None:  # type: ignore[no-untyped-def]
        part = self.root / f"part-{path.name}"
        self.root.mkdir(parents=True, exist_ok=True)
        write(part)
        os.utime(part, (appears.timestamp(),) * 2)
        path.parent.mkdir(parents=True, exist_ok=True)
        part.replace(path)
