"""Simulated files: what their headers have in common, and how they come to lie in a folder.

Every file says in ORIGIN who wrote it, and appears whole or not at all.
"""

from __future__ import annotations

import gzip
import math
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from astropy.io import fits
from numpy.typing import NDArray
from sunpy.coordinates import sun

from pipeline.core import CannotWrite, Disk
from pipeline.simulator.optics import ARCSEC

Header = dict[str, Any]

ORIGIN = "allsun simulator"
AU_M = 149597870691.0  # DSUN_REF as the archives write it
BLANK = -(2**31)


@contextmanager
def whole(path: Path) -> Iterator[Path]:
    """A name to write under; what was written is moved to *path* when it is complete.

    Raises
    ------
    CannotWrite : the file system refuses; nothing is left behind.
    """
    part = path.with_name(f"{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield part
        part.replace(path)
    except OSError as error:
        raise CannotWrite(
            f"{path}: {error.strerror or error}; free some space there, give permission to "
            "write, or name another folder."
        ) from error
    finally:
        with suppress(OSError):  # there is none if all went well, or no folder for it
            part.unlink()


def changed(path: Path, time: datetime) -> None:
    """Let *path* look as if it had appeared at *time*."""
    os.utime(path, (time.timestamp(),) * 2)


def write_plain(path: Path, values: NDArray[Any], header: Header) -> None:
    """*values* as they are in the first unit; compressed if the name ends in .gz."""
    _write(path, fits.HDUList([fits.PrimaryHDU(values)]), header)


def write_scaled(path: Path, values: NDArray[np.floating], header: Header, scale: float) -> None:
    """Steps of *scale* as 16-bit integers in the first unit."""
    counts = np.rint(values / scale).astype(np.int16)
    write_plain(path, counts, header | {"BSCALE": scale, "BZERO": 0.0})


def write_rice(path: Path, values: NDArray[np.floating], header: Header, scale: float) -> None:
    """Steps of *scale*, Rice-compressed in the first extension, BLANK where NaN."""
    counts = np.where(np.isnan(values), BLANK, np.rint(np.nan_to_num(values) / scale))
    unit = fits.CompImageHDU(counts.astype(np.int32), compression_type="RICE_1")
    scaling = {"BSCALE": scale, "BZERO": 0.0, "BLANK": BLANK}
    _write(path, fits.HDUList([fits.PrimaryHDU(), unit]), header | scaling)


def helioprojective(disk: Disk, step: float, r_sun_m: float) -> Header:
    """Pointing and observer as SDO, SOHO and STEREO write them, the disk's centre as reference."""
    return {
        "CTYPE1": "HPLN-TAN",
        "CTYPE2": "HPLT-TAN",
        "CUNIT1": "arcsec",
        "CUNIT2": "arcsec",
        "CRPIX1": disk.x0 + 1,
        "CRPIX2": disk.y0 + 1,
        "CRVAL1": 0.0,
        "CRVAL2": 0.0,
        "CDELT1": step,
        "CDELT2": step,
        "DSUN_OBS": disk.observer.distance * r_sun_m,
        "RSUN_REF": r_sun_m,
        "RSUN_OBS": math.asin(1.0 / disk.observer.distance) / ARCSEC,
        "CRLN_OBS": disk.observer.carrington_longitude,
        "CRLT_OBS": disk.observer.latitude,
    }


def statistics(values: NDArray[np.floating]) -> Header:
    """What JSOC's headers tell of the pixels; of those that hold a number."""
    seen = values[np.isfinite(values)].astype(np.float64)
    return {
        "TOTVALS": values.size,
        "DATAVALS": seen.size,
        "MISSVALS": values.size - seen.size,
        "DATAMIN": float(seen.min()),
        "DATAMAX": float(seen.max()),
        "DATAMEDN": float(np.median(seen)),
        "DATAMEAN": float(seen.mean()),
        "DATARMS": float(seen.std()),
    }


def rotation(time: datetime) -> float:
    """Carrington rotation number, with the fraction of the rotation."""
    return float(sun.carrington_rotation_number(time.astimezone(UTC).replace(tzinfo=None)))


def iso(time: datetime) -> str:
    """UTC to the millisecond, without a zone."""
    return f"{time.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%f}"[:-3]


def _write(path: Path, units: fits.HDUList, header: Header) -> None:
    for key, value in header.items():
        units[-1].header[key] = value
    with whole(path) as part, part.open("wb") as stream:
        if path.suffix == ".gz":
            # Without name and time of its own, the same picture gives the same bytes.
            with gzip.GzipFile("", "wb", compresslevel=1, fileobj=stream, mtime=0) as packed:
                units.writeto(packed)
        else:
            units.writeto(stream)
