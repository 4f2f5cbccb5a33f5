"""Tiny files in the real layout, and a clock that a test sets."""

from __future__ import annotations

import gzip
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
from astropy.io import fits

from pipeline.archives import Manners
from pipeline.core import to_tai

QUICK = (
    Manners(
        interval=0.0,
        attempts=2,
        first_wait=0.01,
        longest_wait=2.0,
        patience=0.5,
        failures=4,
        pause=600.0,
    ),
)
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


class Clock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now


class TinyArchive:
    """Writes observations where the real archives keep them."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def hmi(self, time: datetime, suffix: str = "", value: int = 1) -> Path:
        """An HMI magnetogram for the full hour (TAI) nearest to the UTC *time*."""
        tai = (to_tai(time) + timedelta(minutes=30)).replace(minute=0, second=0, microsecond=0)
        folder = self.root / f"jsoc.stanford.edu/data/hmi/fits/{tai:%Y/%m/%d}"
        header = fits.Header(
            {
                "TELESCOP": "SDO/HMI",
                "CAMERA": 3,
                "T_REC": f"{tai:%Y.%m.%d_%H:%M:%S}_TAI",
                "DATE-OBS": f"{time:%Y-%m-%dT%H:%M:%S}",
                "TRECSTEP": 720.0,
                "QUALITY": 0x400,
                "CRLN_OBS": 123.456789,
                "CRDER1": "nan",
                "BUNIT": "Gauss",
            }
        )
        image = fits.CompImageHDU(np.full((32, 32), value, np.int32), header)
        hdus = fits.HDUList([fits.PrimaryHDU(), image])
        path = folder / f"hmi.M_720s{suffix}.{tai:%Y%m%d_%H%M%S}_TAI.fits"
        folder.mkdir(parents=True, exist_ok=True)
        hdus.writeto(path, overwrite=True)
        return written_at(path, time + timedelta(minutes=30))

    def gong(self, path: str, time: datetime, value: float = 1.0) -> Path:
        """A gzip-compressed map at *path* (HOST/PATH)."""
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        hdu = fits.PrimaryHDU(np.full((18, 36), value, np.float32))
        plain = file.with_suffix("")
        hdu.writeto(plain)
        file.write_bytes(gzip.compress(plain.read_bytes(), mtime=0))
        plain.unlink()
        return written_at(file, time + timedelta(minutes=30))


def written_at(path: Path, time: datetime) -> Path:
    os.utime(path, (time.timestamp(), time.timestamp()))
    return path
