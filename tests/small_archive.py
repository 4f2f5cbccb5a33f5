"""A small Sun seen by small instruments, in the folders of the archives."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import numpy as np
from astropy.io import fits

from pipeline.core import CarringtonGrid, Disk, earth, from_gps, from_tai
from pipeline.core.geometry import Floats
from pipeline.settings import CoronaSettings, EnhanceSettings, Settings, SurfaceSettings
from pipeline.simulator.instruments import euvi, gong, gong_synoptic, hmi
from pipeline.simulator.sites import SITES
from pipeline.simulator.sun import Moment
from pipeline.surface.views import on_disk

GRID = CarringtonGrid(720, 360)
SIDE = 256  # pixels of an HMI frame; plenty for cells of one degree
POLES = (  # west of the central meridian, latitude, width (all deg), G
    (-44.0, 19.0, 3.0, -220.0), (-36.0, 17.0, 3.0, 220.0),
    (20.0, -15.0, 4.0, 260.0), (30.0, -13.0, 4.0, -260.0),
    (145.0, -21.0, 4.0, 300.0), (155.0, -19.0, 4.0, -300.0),
)  # fmt: skip


class SmallArchive:
    """Writes observations of a Sun of *epoch* below *root*, dated as the archives would.

    Whatever is written again is dated later, as a replaced file is.
    """

    def __init__(self, root: Path, epoch: datetime) -> None:
        self.root = root
        br = small_sun(earth(epoch).carrington_longitude).astype(np.float32)
        self._sun = Moment(epoch, GRID, br, ())
        self._delay = itertools.count(900, 60)

    def hmi(self, hour: datetime) -> Path:
        """The near-real-time frame of a full *hour* of the TAI clock."""
        name = f"{hour:%Y/%m/%d/hmi.M_720s_nrt.%Y%m%d_%H0000_TAI.fits}"
        path = self.root / "jsoc.stanford.edu/data/hmi/fits" / name
        time = from_tai(hour.replace(tzinfo=None))
        rng = np.random.default_rng(hour.hour)
        quality = hmi.NO_COSMIC_RAYS
        hmi.write(path, self._sun, time, rng, size=SIDE, quality=quality, quick_look=True)
        return self._dated(path, hour)

    def spoiled(
        self,
        hour: datetime,
        change: Callable[[Floats], Floats] = np.asarray,
        **cards: object,
    ) -> Path:
        """The same with its picture changed and header cards set."""
        path = self.hmi(hour)
        with fits.open(path) as units:
            data, header = units[1].data.astype(np.float32), units[1].header.copy()
        header.remove("BLANK", ignore_missing=True)
        header.update(cards)
        fits.PrimaryHDU(change(data), header).writeto(path, overwrite=True)
        return self._dated(path, hour)

    def gong(self, time: datetime) -> Path:
        """A frame of Big Bear."""
        name = f"{time:bqa/%Y%m/bbbqa%y%m%d/bbbqa%y%m%dt%H%M.fits.gz}"
        path = self.root / "gong2.nso.edu/oQR" / name
        when = from_gps(time.replace(tzinfo=None))
        gong.write(path, gong.Look(self._sun, when, SITES[4], np.random.default_rng(0)))
        return self._dated(path, time)

    def synoptic(self, time: datetime) -> Path:
        """A synoptic map of GONG."""
        name = f"{time:zqs/%Y%m/mrzqs%y%m%d/mrzqs%y%m%dt%H%Mc0000_000.fits.gz}"
        path = self.root / "gong2.nso.edu/oQR" / name
        faint = 0.7 * GRID.block_mean(self._sun.br, gong_synoptic.GRID)  # as GONG sees it
        gong_synoptic.write(path, faint, time, frames=1)
        return self._dated(path, time)

    def euvi(self, time: datetime, wavelength: int) -> Path:
        """A beacon picture of STEREO-A, brighter where there is more field."""
        name = f"{time:%Y%m%d/%Y%m%d_%H%M%S}_n7euA.fts"
        path = self.root / "stereo-ssc.nascom.nasa.gov/data/beacon/ahead/secchi/img/euvi" / name
        euvi.write(path, self._sun, time, np.random.default_rng(0), wavelength, Glow(), size=128)
        return self._dated(path, time)

    def _dated(self, path: Path, time: datetime) -> Path:
        os.utime(path, (time.timestamp() + next(self._delay),) * 2)
        return path


class Glow:
    """A corona that shines as its footpoints are magnetic."""

    def rate(self, moment: Moment, disk: Disk, size: int, wavelength: int) -> Floats:
        """DN/s of a perfect camera; *wavelength* makes no difference."""
        strength = on_disk(np.abs(moment.br), moment.grid, disk, (size, size))
        return np.nan_to_num(100.0 + 20.0 * strength)


def small_sun(meridian: float) -> Floats:
    """A dipole and three bipolar regions about the Carrington longitude *meridian* [deg]."""
    lon, lat = GRID.mesh()
    br: Floats = 6.0 * np.sin(np.radians(lat)) ** 7
    for west, centre, width, strength in POLES:
        x = (lon - meridian - west + 180.0) % 360.0 - 180.0
        x, y = x * np.cos(np.radians(centre)), lat - centre
        br += strength * np.exp(-(x**2 + y**2) / (2 * width**2))
    return br


def small_settings(archive: Path | str, data: Path, **cycle: object) -> Settings:
    """Settings under which a cycle takes seconds."""
    settings = Settings(
        data=data,
        surface=SurfaceSettings(grid="360x180"),
        corona=CoronaSettings(radial_cells=4),
        enhance=EnhanceSettings(networks=()),
    )
    return settings.model_copy(
        update={
            "archives": settings.archives.model_copy(update={"mirror": str(archive)}),
            "cycle": settings.cycle.model_copy(update=cycle),
        }
    )
