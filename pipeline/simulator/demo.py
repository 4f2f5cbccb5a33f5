"""A few days of a small simulated Sun, as files in the folders of the archives."""

from __future__ import annotations

import os
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np

from pipeline.core import earth, from_tai
from pipeline.core.geometry import Floats
from pipeline.simulator.frames import Sun, write_gong, write_gong_synoptic, write_hmi

# Bipoles: longitude west of where the central meridian is at the end, latitude of the
# centre, half separation, width (deg) and strength (G) of the leading pole.
BIPOLES = (
    (-40.0, 18.0, 4.0, 2.5, 220.0),
    (25.0, -14.0, 5.0, 3.0, -260.0),
    (70.0, 12.0, 3.0, 2.0, 160.0),
    (150.0, -20.0, 5.0, 3.0, -300.0),
    (240.0, 22.0, 4.0, 3.0, 240.0),
)
POLAR_FIELD = 6.0  # G; about what GONG shows near minimum
DAYS = 3


def small_sun(meridian: float) -> Sun:
    """A dipole with tilted bipolar regions around the Carrington longitude *meridian* [deg]."""

    def br(lon: Floats, lat: Floats) -> Floats:
        field: Floats = POLAR_FIELD * np.sign(lat) * np.abs(np.sin(np.radians(lat))) ** 7
        for west, centre, half, width, strength in BIPOLES:
            tilt = 0.25 * half * np.sign(centre)  # Joy's law: the leading pole lies equatorward
            for side in (1.0, -1.0):
                x = (lon - meridian - west - side * half + 180.0) % 360.0 - 180.0
                y = lat - centre + side * tilt
                x = x * np.cos(np.radians(centre))
                field = field + side * strength * np.exp(-(x**2 + y**2) / (2 * width**2))
        return field

    return br


def write_archive(folder: Path, end: datetime) -> None:
    """HMI frames every twelve hours before *end*, a GONG frame and a GONG synoptic map.

    Files are as old as they would be at the archives, so that none looks unfinished.
    """
    sun = small_sun(earth(end).carrington_longitude)
    start = end - timedelta(days=DAYS)
    gong = folder / "gong2.nso.edu/oQR"

    def faint(lon: Floats, lat: Floats) -> Floats:  # GONG sees .7 of what HMI sees
        return 0.7 * sun(lon, lat)

    path = gong / f"{start:zqs/%Y%m/mrzqs%y%m%d/mrzqs%y%m%dt%H%Mc0000_000.fits.gz}"
    write_gong_synoptic(path, faint, start)
    _date(path, start)
    for hours in range(11, 24 * DAYS, 12):
        time = start + timedelta(hours=hours)
        name = f"{time:%Y/%m/%d/hmi.M_720s_nrt.%Y%m%d_%H0000_TAI.fits}"
        path = folder / "jsoc.stanford.edu/data/hmi/fits" / name
        write_hmi(
            path, sun, from_tai(time.replace(tzinfo=None)),
            size=1024, noise=6.3, seed=hours, quick_look=True,
        )  # fmt: skip
        _date(path, time)
    time = end - timedelta(minutes=50)
    path = gong / f"{time:bqa/%Y%m/bbbqa%y%m%d/bbbqa%y%m%dt%H%M.fits.gz}"
    write_gong(path, faint, time, noise=3.0)
    _date(path, time)


def _date(path: Path, time: datetime) -> None:
    """Let *path* look finished a quarter of an hour after its observation."""
    os.utime(path, (time.timestamp() + 900.0,) * 2)
