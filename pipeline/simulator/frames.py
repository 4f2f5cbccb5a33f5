"""Single frames of a known Sun, in the file formats of the real instruments.

A Sun is a function of Carrington longitude and latitude (deg) that gives the
radial field in gauss, or a brightness in DN/s. A pixel takes its value at its
centre: give the function a scale no finer than the pixels. Pointing is off
centre and rolled by amounts seen in real headers, so that a reader that ignores
a keyword is found out. The headers hold what readers ask for and every defect
of the originals that a reader has to survive; ORIGIN says who wrote them.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from astropy.io import fits
from numpy.typing import NDArray
from sunpy.coordinates import sun

from pipeline.core import CarringtonGrid, Disk, Observer, earth, to_tai
from pipeline.core.geometry import Floats
from pipeline.core.grid import R_SUN_CM
from pipeline.core.times import TAI_MINUS_GPS

Sun = Callable[[Floats, Floats], Floats]
Header = dict[str, Any]

ORIGIN = "allsun simulator"
ARCSEC = math.pi / 180.0 / 3600.0
AU_M = 149597870700.0  # IAU 2012 Resolution B2
BLANK = -(2**31)
GONG_SKY = -2000.0
EUVI_BIAS = 725.0
EUVI_S1 = {171: 0.49, 195: 0.49, 284: 0.33, 304: 0.29}  # transmission of filter S1
EUVI_IP_CODES = [41, 76, 1, 94]  # trim, divide by two, compress: leaves the bias in


def sun_of(grid: CarringtonGrid, values: NDArray[np.floating[Any]]) -> Sun:
    """The Sun whose every place has the value of the cell of *grid* around it."""

    def value(lon: Floats, lat: Floats) -> Floats:
        x, y = grid.geometry.pixel(lon, lat)
        column = np.rint(np.nan_to_num(x)).astype(int) % grid.nlon
        row = np.clip(np.rint(np.nan_to_num(y)).astype(int), 0, grid.nlat - 1)
        return np.asarray(values[row, column], dtype=np.float64)

    return value


def write_hmi(
    path: Path,
    br: Sun,
    time: datetime,
    *,
    size: int = 4096,
    noise: float = 0.0,
    seed: int = 0,
    quick_look: bool = False,
) -> Disk:
    """A line-of-sight magnetogram as of hmi.M_720s(_nrt); returns where its pixels lie.

    time : UTC, middle of the exposure
    size : pixels along a side; the real frames have 4096
    noise : gauss, Gaussian and independent from pixel to pixel
    """
    step = 0.504365 * 4096 / size
    disk, header = _helioprojective(
        earth(time), (0.4978 * size, 0.4997 * size), step, 179.93, r_sun_m=6.96e8
    )
    los = _look(disk, size, lambda lon, lat: br(lon, lat) * disk.observer.mu(lon, lat))
    los += np.random.default_rng(seed).normal(0.0, noise, los.shape) if noise else 0.0
    header |= {
        "TELESCOP": "SDO/HMI",
        "INSTRUME": "HMI_SIDE1",
        "WAVELNTH": 6173.0,
        "CAMERA": 1,
        "CONTENT": "MAGNETOGRAM",
        "BUNIT": "Gauss",
        "T_OBS": f"{to_tai(time):%Y.%m.%d_%H:%M:%S}_TAI",
        "T_REC": f"{to_tai(time):%Y.%m.%d_%H:%M:%S}_TAI",
        "DATE-OBS": _iso(time),
        "CADENCE": 720.0,
        "CROTA2": disk.north,
        "CRDER1": "nan",
        "CAR_ROT": _rotation(time),
        "QUALITY": 0x400 if quick_look else 0,
        "QLOOK": int(quick_look),
    }
    _write_rice(path, los, header, scale=0.1)
    return disk


def write_gong(path: Path, br: Sun, time: datetime, *, noise: float = 0.0, seed: int = 0) -> Disk:
    """A full-disk ten-minute average as of bqa/zqa; returns where its pixels lie.

    time : UTC; the file says it in GPS time
    """
    observer = earth(time)
    semidiameter = math.asin(1.0 / observer.distance)
    disk = Disk(417.9, 427.6, semidiameter / (2.53 * ARCSEC), 0.0, observer)
    los = _look(disk, 860, lambda lon, lat: br(lon, lat) * observer.mu(lon, lat))
    los += np.random.default_rng(seed).normal(0.0, noise, los.shape) if noise else 0.0
    los = np.where(np.isnan(los), GONG_SKY, los)
    gps = to_tai(time) - TAI_MINUS_GPS
    header: Header = {
        "ORIGIN": ORIGIN,
        "OBS-SITE": "NSO/GONG NETWORK",
        "TELESCOP": "NSO-GONG",
        "DATE-OBS": f"{gps:%Y/%m/%d}",
        "TIME-OBS": f"{gps:%H:%M:%S.%f}",
        "WAVELNTH": 676.8,
        "WCSNAME": "Heliocentric-cartesian (approximate)",
        "CTYPE1": "GONGX",
        "CTYPE2": "GONGY",
        "CRPIX1": disk.x0 + 1,
        "CRPIX2": disk.y0 + 1,
        "CRVAL1": 0.0,
        "CRVAL2": 0.0,
        "CDELT1": 0.0,
        "CDELT2": 0.0,
        "IMTYPE": "MAGNETIC",
        "BUNIT": "GAUSS",
        "SITE": "BB",
        "FNDLMBXC": disk.x0 + 1,
        "FNDLMBYC": disk.y0 + 1,
        "FNDLMBMI": disk.radius,
        "FNDLMBMA": disk.radius,
        "SKYVALUE": GONG_SKY,
        "B0": observer.latitude,
        "L0": observer.carrington_longitude,
        "P_ANGLE": 0.0,
    }
    scale = max(2000.0, float(np.abs(los).max())) / 32000.0
    unit = fits.PrimaryHDU(np.rint(los / scale).astype(np.int16))
    _write(path, unit, header | {"BSCALE": scale, "BZERO": 0.0})
    return disk


def write_gong_synoptic(path: Path, br: Sun, time: datetime) -> None:
    """An hourly 360 by 180 synoptic map as of mrzqs, its left edge 60 deg east of the Earth."""
    edge = round(earth(time).carrington_longitude - 60.0) % 360
    grid = CarringtonGrid(360, 180)
    lon, lat = grid.mesh()
    header: Header = {
        "ORIGIN": ORIGIN,
        "OBS-SITE": "NSO/GONG NETWORK",
        "TELESCOP": "NSO-GONG",
        "DATE-OBS": f"{time:%Y-%m-%d}",
        "TIME-OBS": f"{time:%H:%M}",
        "CAR_ROT": _rotation(time),
        "WCSNAME": "Carrington Cylin-equal-area",
        "CTYPE1": "CRLN-CEA",
        "CTYPE2": "CRLT-CEA",
        "CRPIX1": 180.5,
        "CRPIX2": 90.5,
        "CRVAL1": (edge + 180) % 360,
        "CRVAL2": 0.0,
        "PV2_1": 1.0,
        "CDELT1": 1.0,
        "CDELT2": 0.0111111,
        "IMTYPE": "MAGNETIC",
        "LONG0": edge,
        "BUNIT": "Gauss",
    }
    values = br((lon + edge) % 360.0, lat).astype(np.float32)
    _write(path, fits.PrimaryHDU(values), header)


def write_aia(
    path: Path, brightness: Sun, time: datetime, wavelength: int, *, size: int = 1024
) -> Disk:
    """A level 1.5 synoptic image; returns where its pixels lie.

    brightness : DN/s; nothing shines beyond the limb
    time : UTC, middle of the exposure
    """
    disk, header = _helioprojective(
        earth(time), ((size - 1) / 2, (size - 1) / 2), 2.4 * 1024 / size, 0.0, r_sun_m=6.96e8
    )
    exposure = 2.0
    header |= {
        "TELESCOP": "SDO/AIA",
        "INSTRUME": "AIA_2",
        "DATE-OBS": _iso(time - timedelta(seconds=exposure / 2)),
        "T_OBS": f"{_iso(time)}Z",
        "EXPTIME": exposure,
        "WAVELNTH": wavelength,
        "WAVEUNIT": "angstrom",
        "LVL_NUM": 1.5,
        "CROTA2": 0.0,
        "R_SUN": disk.radius * 4096 / size,  # in level-1 pixels, as the originals say it
        "QUALITY": 0,
    }
    counts = np.nan_to_num(_look(disk, size, brightness)) * exposure
    _write_rice(path, counts, header, scale=0.0625)
    return disk


def write_euvi(
    path: Path,
    brightness: Sun,
    time: datetime,
    wavelength: int,
    observer: Observer,
    *,
    size: int = 512,
) -> Disk:
    """A STEREO-A/EUVI beacon image; returns where its pixels lie.

    brightness : DN/s without the filter; nothing shines beyond the limb
    time : UTC, middle of the exposure
    observer : STEREO-A
    """
    step = 1.58777 * 2048 / size
    centre = (0.497 * size, 0.508 * size)
    disk, header = _helioprojective(observer, centre, step, 6.8, r_sun_m=6.955e8)
    exposure = 16.0
    header |= {
        **_pointing_at_middle(disk, step, size),
        "RSUN": header["RSUN_OBS"],
        "FILENAME": path.name,
        "OBSRVTRY": "STEREO_A",
        "INSTRUME": "SECCHI",
        "DETECTOR": "EUVI",
        "WAVELNTH": wavelength,
        "DATE-OBS": _iso(time - timedelta(seconds=exposure / 2)),
        "EXPTIME": exposure,
        "FILTER": "S1",
        "BIASMEAN": EUVI_BIAS,
        "DSATVAL": 15000,
        "NMISSING": 0,
        "IPSUM": 1.0,
        "RECTIFY": True,
        "CROTA": disk.north,
        "BUNIT": "DN",
        "BLANK": 0,
        **{f"IP_PROG{i}": code for i, code in enumerate(EUVI_IP_CODES)},
    }
    counts = np.nan_to_num(_look(disk, size, brightness)) * exposure * EUVI_S1[wavelength]
    counts += EUVI_BIAS
    unit = fits.PrimaryHDU(np.clip(np.rint(counts), 1, 16383).astype(np.uint16))
    _write(path, unit, header)
    return disk


def _helioprojective(
    observer: Observer, centre: tuple[float, float], step: float, north: float, *, r_sun_m: float
) -> tuple[Disk, Header]:
    """A disk seen by *observer* at *step* arcsec per pixel, and the pointing keywords for it."""
    distance_m = observer.distance * R_SUN_CM / 100.0
    semidiameter = math.asin(r_sun_m / distance_m)
    radius = math.tan(semidiameter) / (step * ARCSEC)
    disk = Disk(*centre, radius, north, replace(observer, distance=distance_m / r_sun_m))
    return disk, {
        "ORIGIN": ORIGIN,
        "CTYPE1": "HPLN-TAN",
        "CTYPE2": "HPLT-TAN",
        "CUNIT1": "arcsec",
        "CUNIT2": "arcsec",
        "CRPIX1": centre[0] + 1,
        "CRPIX2": centre[1] + 1,
        "CRVAL1": 0.0,
        "CRVAL2": 0.0,
        "CDELT1": step,
        "CDELT2": step,
        "DSUN_OBS": distance_m,
        "DSUN_REF": AU_M,
        "RSUN_REF": r_sun_m,
        "RSUN_OBS": semidiameter / ARCSEC,
        "CRLN_OBS": observer.carrington_longitude,
        "CRLT_OBS": observer.latitude,
    }


def _pointing_at_middle(disk: Disk, step: float, size: int) -> Header:
    """The same pointing, told as the direction in which the middle of the frame looks."""
    middle = (size - 1) / 2
    dx, dy = middle - disk.x0, middle - disk.y0
    sin_n, cos_n = math.sin(math.radians(disk.north)), math.cos(math.radians(disk.north))
    return {
        "CRPIX1": middle + 1,
        "CRPIX2": middle + 1,
        "CRVAL1": (dx * cos_n - dy * sin_n) * step,
        "CRVAL2": (dx * sin_n + dy * cos_n) * step,
    }


def _look(disk: Disk, size: int, value: Sun) -> Floats:
    """What a square camera sees: *value* at every pixel's centre, NaN beyond the limb."""
    seen = np.full((size, size), np.nan)
    x = np.arange(size)
    for y in range(size):
        lon, lat = disk.sphere(x, np.full(size, y))
        on = np.isfinite(lon)
        seen[y, on] = value(lon[on], lat[on])
    return seen


def _rotation(time: datetime) -> int:
    return int(sun.carrington_rotation_number(time.astimezone(UTC).replace(tzinfo=None)))


def _iso(time: datetime) -> str:
    return f"{time.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%f}"[:-3]


def _write_rice(path: Path, values: Floats, header: Header, *, scale: float) -> None:
    """Scaled integers, Rice-compressed in the first extension, BLANK where NaN."""
    counts = np.where(np.isnan(values), BLANK, np.rint(np.nan_to_num(values) / scale))
    unit = fits.CompImageHDU(counts.astype(np.int32), compression_type="RICE_1")
    _write(path, unit, header | {"BSCALE": scale, "BZERO": 0.0, "BLANK": BLANK})


def _write(path: Path, unit: fits.PrimaryHDU | fits.CompImageHDU, header: Header) -> None:
    for key, value in header.items():
        unit.header[key] = value
    path.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(unit, fits.PrimaryHDU):
        unit.writeto(path, overwrite=True)
    else:
        fits.HDUList([fits.PrimaryHDU(), unit]).writeto(path, overwrite=True)
