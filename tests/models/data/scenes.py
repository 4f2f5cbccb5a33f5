"""Scenes and a Sun small enough to know by heart."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from scipy.ndimage import gaussian_filter

from models.data import Scene
from pipeline.core import CarringtonGrid, earth, from_gps, from_tai
from pipeline.simulator.instruments import gong, hmi, mdi
from pipeline.simulator.sites import SITES
from pipeline.simulator.sun import Moment

GRID = CarringtonGrid(720, 360)
TIME = datetime(2014, 1, 1, 6, tzinfo=UTC)


def textured(
    shape: tuple[int, int] = (96, 128), region: str = "a", time: datetime = TIME, seed: int = 0
) -> Scene:
    """A smooth field of about 100 G at half the disk's radius, half-arcsecond pixels."""
    white = np.random.default_rng(seed).standard_normal(shape)
    smooth = gaussian_filter(white, 2.0)
    field = (100.0 * smooth / smooth.std()).astype(np.float32)
    return Scene(field, np.full(shape, 0.5, np.float32), 0.5, region, time)


def sun(time: datetime) -> Moment:
    """A Sun with network everywhere, as much as real quiet Sun has, and two strong spots."""
    lon, lat = GRID.mesh()
    white = np.random.default_rng(1).standard_normal(GRID.shape)
    br = gaussian_filter(white, 1.0, mode="wrap")
    br *= 15.0 / br.std()
    for west, north, strength in ((20.0, 12.0, 400.0), (28.0, 14.0, -400.0)):
        west += earth(time).carrington_longitude
        x = (lon - west + 180.0) % 360.0 - 180.0
        br += strength * np.exp(-(x**2 + (lat - north) ** 2) / (2 * 2.0**2))
    return Moment(time, GRID, br.astype(np.float32), ())


class SmallSeries:
    """Observations of :func:`sun` below *root*, in the folders of the archives."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def hmi(self, hour: datetime, size: int = 512) -> Path:
        """The definitive frame of a full *hour* of the TAI clock."""
        name = f"{hour:%Y/%m/%d/hmi.M_720s.%Y%m%d_%H0000_TAI.fits}"
        time = from_tai(hour.replace(tzinfo=None))
        path = self.root / "jsoc.stanford.edu/data/hmi/fits" / name
        hmi.write(path, sun(time), time, np.random.default_rng(hour.day), size=size)
        return path

    def hmi_45s(self, slot: datetime, moment: Moment, size: int = 256) -> Path:
        """The frame of a *slot* of the TAI clock."""
        name = f"{slot:%Y/%m/%d/hmi.M_45s.%Y%m%d_%H%M%S_TAI.fits}"
        path = self.root / "jsoc.stanford.edu/data/hmi/fits" / name
        rng, time = (
            np.random.default_rng(int(slot.timestamp())),
            from_tai(slot.replace(tzinfo=None)),
        )
        hmi.write(path, moment, time, rng, size=size, cadence=45)
        return path

    def gong(self, clock: datetime) -> Path:
        """The corrected frame of Udaipur at a *clock* time of GPS."""
        name = f"{clock:%Y%m/udzqa%y%m%d/udzqa%y%m%dt%H%M.fits.gz}"
        path = self.root / "gong2.nso.edu/ftp/oQR/zqa" / name
        time = from_gps(clock.replace(tzinfo=None))
        look = gong.Look(sun(time), time, SITES[1], np.random.default_rng(clock.day))
        gong.write(path, look, gong.ZeroPoint(1.0, -2.0, 1.5))
        return path

    def mdi(self, slot: datetime) -> Path:
        """The frame of a *slot* of the TAI clock, with the noise of the mean of five."""
        name = f"{slot:mdi.fd_M_96m_lev182.%Y%m%d_%H%M%S_TAI.data.fits}"
        path, time = self.root / "extra/mdi" / name, from_tai(slot.replace(tzinfo=None))
        mdi.write(path, sun(time), time, np.random.default_rng(0), interval=300)
        return path
