"""STEREO-A EUVI: the beacon within hours, the science files that replace it after days.

The beacon sends 195 Å every ten minutes and 304 Å every thirty, 512²; level 0.5 has
these and 171 and 284 Å every two hours, 2048². No header of a beacon file is known:
they get that of the science file. The detector's electrons per count, its read noise
and two pixels of blur are those of Wuelser et al. (2004, Proc. SPIE 5171, 111) to one
figure; filters as the mission's calibration has them; bias, on-board codes and saturation
are a real header's. Gaps are normal: it is chosen that one hour in ten is lost, and one day
in fifty.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

import numpy as np

from pipeline.core import Disk, Observer
from pipeline.simulator.campaign import DAY, HOUR, Campaign, File
from pipeline.simulator.corona import Corona, Detector
from pipeline.simulator.files import ORIGIN, Header, helioprojective, iso, write_plain
from pipeline.simulator.optics import disk_of
from pipeline.simulator.orbits import separation, stereo_a
from pipeline.simulator.sun import Moment

WAVELENGTHS = (171, 195, 284, 304)
TRANSMISSION = {171: 0.49, 195: 0.49, 284: 0.33, 304: 0.29}  # of filter S1
BIAS = 725.0  # DN
CODES = (41, 76, 1, 94)  # trim, divide by two, compress: they leave the bias in
FULL, BEACON = 2048, 512  # px
STEP = 1.58777  # arcsec/px of a full frame
ROLL = 6.8  # deg; chosen, for it changes along the orbit
R_SUN_M = 6.955e8
EXPOSURE = 16.0  # s
SATURATED = 15000  # DN, DSATVAL
LARGEST = 16383  # DN, 14 bits

TEN_MINUTES, HALF_HOUR = timedelta(minutes=10), timedelta(minutes=30)
CADENCE = {171: 2 * HOUR, 195: TEN_MINUTES, 284: 2 * HOUR, 304: HALF_HOUR}
AFTER = {  # the full slot
    171: timedelta(minutes=9),
    195: timedelta(seconds=30),
    284: timedelta(minutes=16, seconds=30),
    304: timedelta(minutes=6, seconds=15),
}
LATENCY = timedelta(minutes=90)
SCIENCE = 3 * DAY
BEACON_TREE = "stereo-ssc.nascom.nasa.gov/data/beacon/ahead/secchi/img/euvi"
SCIENCE_TREE = "stereo-ssc.nascom.nasa.gov/pub/ins_data/secchi/L0/a/img/euvi"


def files(moment: Moment, campaign: Campaign, corona: Corona) -> Iterator[File]:
    """The beacon's pictures, and those of the science channel once they are there."""
    for wavelength in WAVELENGTHS:
        for time in campaign.times(moment.time, CADENCE[wavelength], AFTER[wavelength]):
            make = partial(write, moment=moment, time=time, wavelength=wavelength, corona=corona)
            noise = campaign.rng("euvi", wavelength, time)
            path = f"{time:%Y%m%d/%Y%m%d_%H%M%S}_n4euA.fts"
            science = partial(make, rng=noise, size=FULL)
            yield File(f"{SCIENCE_TREE}/{path}", time + SCIENCE, science)
            gap = campaign.lost("euvi", time, HOUR, 0.1) or campaign.lost("euvi", time, DAY, 0.02)
            if wavelength in (195, 304) and not gap:
                beacon = partial(make, rng=noise, size=BEACON)
                path = path.replace("n4", "n7")
                yield File(f"{BEACON_TREE}/{path}", time + LATENCY, beacon)


def write(
    path: Path,
    moment: Moment,
    time: datetime,
    rng: np.random.Generator,
    wavelength: int,
    corona: Corona,
    *,
    size: int = BEACON,
) -> Disk:
    """A picture of *moment*'s corona begun at *time* (UTC); where its pixels lie."""
    disk, step = view(stereo_a(time), size)
    detector = Detector(
        fwhm=3.2,
        exposure=EXPOSURE,
        gain=15.0,
        read_noise=1.0,
        summed=(FULL // size) ** 2,
        largest=LARGEST - BIAS,
    )
    rate = corona.rate(moment, disk, size, wavelength) * np.float32(TRANSMISSION[wavelength])
    counts = BIAS + detector.counts(rate, step, wavelength, rng)
    # Of 16 bits, unsigned; no pixel is left without a count.
    dn = np.maximum(np.rint(counts), 1.0).astype(np.uint16)
    write_plain(
        path, dn, _header(path.name.removesuffix(".part"), disk, step, size, time, wavelength)
    )
    return disk


def view(observer: Observer, size: int) -> tuple[Disk, float]:
    """The disk in a frame of *size* pixels, off centre and rolled, and arcsec per pixel."""
    step = STEP * FULL / size
    return disk_of(observer, (0.497 * size, 0.508 * size), step, ROLL, R_SUN_M), step


def _header(
    name: str, disk: Disk, step: float, size: int, time: datetime, wavelength: int
) -> Header:
    """Keywords of the sample picture, but for the engineering of camera and spacecraft."""
    middle = (size - 1) / 2
    dx, dy = middle - disk.x0, middle - disk.y0
    sin_n, cos_n = math.sin(math.radians(disk.north)), math.cos(math.radians(disk.north))
    exposure = timedelta(seconds=EXPOSURE)
    header = helioprojective(disk, step, R_SUN_M)
    # The reference pixel is the middle of the frame, and CRVAL where it looks.
    header |= {
        "CRPIX1": middle + 1,
        "CRPIX2": middle + 1,
        "CRVAL1": (dx * cos_n - dy * sin_n) * step,
        "CRVAL2": (dx * sin_n + dy * cos_n) * step,
        "PC1_1": cos_n,
        "PC1_2": -sin_n,
        "PC2_1": sin_n,
        "PC2_2": cos_n,
        "CROTA": disk.north,
        "RSUN": header.pop("RSUN_OBS"),
        "HGLN_OBS": separation(time),
        "HGLT_OBS": disk.observer.latitude,
        "LONPOLE": 180,
    }
    return {
        "ORIGIN": ORIGIN,
        "OBSRVTRY": "STEREO_A",
        "TELESCOP": "STEREO",
        "INSTRUME": "SECCHI",
        "DETECTOR": "EUVI",
        "FILENAME": name,
        "DATE": iso(time + LATENCY),
        "DATE-OBS": iso(time),
        "DATE-AVG": iso(time + exposure / 2),
        "DATE-END": iso(time + exposure),
        "EXPTIME": EXPOSURE,
        "EXPCMD": EXPOSURE,
        "WAVELNTH": wavelength,
        "FILTER": "S1",
        "BUNIT": "DN",
        "BLANK": 0,
        "BIASMEAN": BIAS,
        "DSATVAL": SATURATED,
        "NMISSING": 0,
        "MISSLIST": "",
        "CCDSUM": float(FULL // size),
        "SUMMED": 1.0 + math.log2(FULL // size),
        "IPSUM": 1.0,
        "RECTIFY": True,
        "RECTROTA": 6,
        **{f"IP_PROG{i}": code for i, code in enumerate((*CODES, 0, 0, 0, 0, 0, 0))},
        **header,
    }
