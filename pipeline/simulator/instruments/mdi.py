"""SOHO/MDI full-disk magnetograms, calibration level 1.8.2.

MDI reports 1.31 times the field HMI sees (Munoz-Jaramillo et al. 2024). Noise: 26.4 G
for one magnetogram, 16.2 G for the mean of five (Liu et al. 2012, Sol. Phys. 279, 295).
Two pixels of 1.98 arcsec blur what it sees. SOHO is a hundredth nearer to the Sun than
the Earth. MDI stopped in 2011; here it observes whenever it is asked to. Chosen: noise
that is the same everywhere on the disk, and how it correlates.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

import numpy as np

from pipeline.core import Disk, earth, from_tai, to_tai
from pipeline.simulator.campaign import Campaign, File
from pipeline.simulator.files import ORIGIN, helioprojective, iso, rotation, statistics, write_rice
from pipeline.simulator.optics import Magnetograph, disk_of, magnetogram, radius
from pipeline.simulator.sun import Moment

MDI = Magnetograph(scale=1.31, fwhm=4.0, noise=26.4, limb=0.0, grain=0.5)
NOISE = {30: 26.4, 300: 16.2}  # G, by length of observation in s
SIZE = 1024  # px
STEP = 1.980835  # arcsec/px
R_SUN_M = 6.96e8
L1 = 0.99  # SOHO's distance from the Sun over the Earth's
CROP = 504.0  # px from the disk's centre
BSCALE = 0.1  # G

CADENCE = timedelta(minutes=96)
LATENCY = timedelta(days=1)
# No client of JSOC names a tree of these; this is where the real sample lies.
TREE = "extra/mdi"


def files(moment: Moment, campaign: Campaign) -> Iterator[File]:
    """A frame every 96 minutes."""
    for clock in campaign.times(moment.time, CADENCE):
        time = from_tai(clock.replace(tzinfo=None))
        observe = partial(write, moment=moment, time=time, rng=campaign.rng("mdi", time))
        name = f"mdi.fd_M_96m_lev182.{clock:%Y%m%d_%H%M%S}_TAI.data.fits"
        yield File(f"{TREE}/{name}", time + LATENCY, observe)


def write(
    path: Path, moment: Moment, time: datetime, rng: np.random.Generator, *, interval: int = 30
) -> Disk:
    """A frame of *moment*'s field taken at *time* (UTC, mid-exposure); where its pixels lie.

    interval : 30 or 300 s of observation
    """
    observer = earth(time)
    observer = replace(observer, distance=L1 * observer.distance)
    disk = disk_of(observer, (511.387, 511.765), STEP, 0.0, R_SUN_M)
    instrument = replace(MDI, noise=NOISE[interval])
    b_los = magnetogram(moment.br, moment.grid, disk, SIZE, STEP, instrument, rng)
    b_los[radius(disk, SIZE) * disk.radius > CROP] = np.nan
    tai = to_tai(time)
    header = {
        "ORIGIN": ORIGIN,
        "T_REC": f"{tai:%Y.%m.%d_%H:%M:%S}_TAI",
        "T_OBS": f"{tai:%Y.%m.%d_%H:%M:%S}_TAI",
        "DATE-OBS": iso(time - timedelta(seconds=interval / 2))[:19],
        **helioprojective(disk, STEP, R_SUN_M),
        "CROTA2": disk.north,
        "CAR_ROT": int(rotation(time)),
        "R_SUN": disk.radius,
        "X0": disk.x0,
        "Y0": disk.y0,
        "QUALITY": 0,
        "CROP_RAD": CROP,
        "INTERVAL": float(interval),
        "DATE": iso(time + LATENCY)[:16],
        "CONTENT": "MDI Full Disk 96m Magnetogram",
        "WCSAXES": 2,
        "WCSNAME": "Helioprojective-cartesian",
        "BUNIT": "Gauss",
        "CADENCE": CADENCE.total_seconds(),
        "CAMERA": "MDI",
        "TELESCOP": "SOHO",
        "WAVELNTH": 6768,
        "TRECEPOC": "1993.01.01_00:00:30_TAI",
        "TRECSTEP": CADENCE.total_seconds(),
        **statistics(b_los),
    }
    write_rice(path, b_los, header, scale=BSCALE)
    return disk
