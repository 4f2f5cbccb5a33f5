"""SDO/AIA synoptic images: 1024² at 2.4 arcsec, level 1.5, every three minutes.

Counts are those of an original .6 arcsec pixel, of which sixteen are averaged. Electrons
per count as in a real header (DN_GAIN), read noise and blur of the order of Boerner
et al. (2012, Sol. Phys. 275, 41). The near-real-time tree has gaps that are never filled;
how many, and when definitive files come, is chosen.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

import numpy as np

from pipeline.core import Disk, earth
from pipeline.simulator.campaign import DAY, HOUR, Campaign, File
from pipeline.simulator.corona import Corona, Detector
from pipeline.simulator.files import (
    AU_M,
    ORIGIN,
    helioprojective,
    iso,
    rotation,
    statistics,
    write_rice,
)
from pipeline.simulator.optics import disk_of
from pipeline.simulator.sun import Moment

WAVELENGTHS = (171, 193, 211, 304)
CAMERA = {171: 3, 193: 2, 211: 2, 304: 4}
SIZE = 1024  # px
STEP = 2.4  # arcsec/px
LEVEL1 = 4  # level-1 pixels along a pixel; R_SUN is told in them
R_SUN_M = 6.96e8
DETECTOR = Detector(
    fwhm=1.4, exposure=2.0, gain=17.7, read_noise=1.2, summed=LEVEL1**2, largest=16383.0
)
BSCALE = 0.0625  # DN
NEAR_REAL_TIME = 0x40000000

CADENCE = timedelta(minutes=3)
LATENCY = timedelta(minutes=18)
DEFINITIVE = 7 * DAY
TREE = "jsoc1.stanford.edu/data/aia/synoptic"


def files(moment: Moment, campaign: Campaign, corona: Corona) -> Iterator[File]:
    """Pictures of all channels: near-real-time, and definitive once they are there."""
    for wavelength in WAVELENGTHS:
        for time in campaign.times(moment.time, CADENCE):
            make = partial(
                write,
                moment=moment,
                time=time,
                rng=campaign.rng("aia", wavelength, time),
                wavelength=wavelength,
                corona=corona,
            )
            day = f"{time:%Y/%m/%d/H%H00/AIA%Y%m%d_%H%M}"
            yield File(f"{TREE}/{day}_{wavelength:04d}.fits", time + DEFINITIVE, make)
            if not campaign.lost("aia", time, HOUR, 0.03):
                nrt = partial(make, quality=NEAR_REAL_TIME)
                yield File(f"{TREE}/nrt/{day}00_{wavelength:04d}.fits", time + LATENCY, nrt)


def write(
    path: Path,
    moment: Moment,
    time: datetime,
    rng: np.random.Generator,
    wavelength: int,
    corona: Corona,
    *,
    size: int = SIZE,
    quality: int = 0,
) -> Disk:
    """A picture of *moment*'s corona begun at *time* (UTC); where its pixels lie."""
    middle, step = (size - 1) / 2, STEP * SIZE / size
    disk = disk_of(earth(time), (middle, middle), step, 0.0, R_SUN_M)
    rate = corona.rate(moment, disk, size, wavelength)
    counts = DETECTOR.counts(rate, step, wavelength, rng)
    half = timedelta(seconds=DETECTOR.exposure / 2)
    header = {
        "ORIGIN": ORIGIN,
        "DATE": iso(time + LATENCY)[:19],
        "TELESCOP": "SDO/AIA",
        "INSTRUME": f"AIA_{CAMERA[wavelength]}",
        "DATE-OBS": iso(time),
        "T_OBS": f"{iso(time + half)}Z",
        "T_REC": f"{iso(time)[:19]}Z",
        "TRECSTEP": 180.0,
        "TRECEPOC": "1977.01.01_00:00:00_TAI",
        "CAMERA": CAMERA[wavelength],
        "IMG_TYPE": "LIGHT",
        "EXPTIME": DETECTOR.exposure,
        "WAVELNTH": wavelength,
        "WAVEUNIT": "angstrom",
        "WAVE_STR": f"{wavelength}_THIN",
        "LVL_NUM": 1.5,
        "QUALLEV0": 0,
        "QUALITY": quality,
        **helioprojective(disk, step, R_SUN_M),
        "DSUN_REF": AU_M,
        "CROTA2": disk.north,
        "R_SUN": disk.radius * LEVEL1 * SIZE / size,
        "CAR_ROT": int(rotation(time)),
        **statistics(counts),
        "PERCENTD": 100.0,
    }
    write_rice(path, counts, header, scale=BSCALE)
    return disk
