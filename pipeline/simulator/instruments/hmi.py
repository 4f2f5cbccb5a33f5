"""SDO/HMI line-of-sight magnetograms: hourly, near-real-time at first, definitive after days.

Noise: 10.2 G for 45 s and 6.3 G for 720 s at disk centre (Liu et al. 2012, Sol. Phys.
279, 295), up by 18 % at the limb (Park et al. 2020, ApJL 891 L4: 9.1 and 10.7 G), with
the autocorrelation of a real cutout. It is the noise of one pixel whatever the size of
the frame. Point spread: about an arcsecond (Couvidat et al. 2016, Sol. Phys. 291, 1887).
SDO's orbit shifts the spectral line back and forth once a day, and with it the field
reported by about one per cent (Hoeksema et al. 2014, Sol. Phys. 289, 3483, show it).
Chosen: how often frames are bad or missing, how bad, and when they become definitive.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import numpy as np

from pipeline.core import CarringtonGrid, Disk, earth, from_tai, to_tai
from pipeline.simulator.campaign import DAY, HOUR, Campaign, File
from pipeline.simulator.files import (
    AU_M,
    ORIGIN,
    helioprojective,
    iso,
    rotation,
    statistics,
    write_rice,
)
from pipeline.simulator.optics import Magnetograph, Picture, disk_of, magnetogram, radius
from pipeline.simulator.sun import Moment

HMI = Magnetograph(scale=1.0, fwhm=1.0, noise=6.3, limb=0.18, grain=0.45)
NOISE = {720: 6.3, 45: 10.2}  # G, by cadence in s
FULL = 4096  # px
STEP = 0.504365  # arcsec/px of a full frame
ROLL = 179.93  # deg
R_SUN_M = 6.96e8
CROP = 1.05  # radii; beyond it the frame is blank
BSCALE = 0.1  # G
SWING = 0.01  # of the field, in a day
CALIBRATION = 0x10042012  # as of 2024; the highest bit says that longitudes are right
ORBIT = 3070.0  # m/s, a geosynchronous orbit

NO_COSMIC_RAYS = 0x400  # always set in near-real-time frames
BAD = 0x10000  # few filtergrams to interpolate
BAD_SHARE = 0.01
BAD_NOISE = 5.0  # times the usual

LATENCY = timedelta(minutes=90)
DEFINITIVE = 5 * DAY
TREE = "jsoc.stanford.edu/data/hmi/fits"


def files(moment: Moment, campaign: Campaign) -> Iterator[File]:
    """The hourly frame: near-real-time until the definitive one takes its place."""
    for hour in campaign.times(moment.time, HOUR):
        # The frame of the full hour by the TAI clock lies half a minute before that of UTC.
        time = from_tai(hour.replace(tzinfo=None))
        if campaign.lost("hmi", time, 6 * HOUR, 0.01) or campaign.lost("hmi", time, HOUR, 0.02):
            continue
        final = time + DEFINITIVE <= campaign.end
        suffix, latency = ("", DEFINITIVE) if final else ("_nrt", LATENCY)
        bad = campaign.rng("hmi quality", time).random() < BAD_SHARE
        observe = partial(
            write,
            moment=moment,
            time=time,
            rng=campaign.rng("hmi", time),
            size=campaign.hmi_size,
            quality=(BAD if bad else 0) | (0 if final else NO_COSMIC_RAYS),
            quick_look=not final,
        )
        path = f"{TREE}/{hour:%Y/%m/%d}/hmi.M_720s{suffix}.{hour:%Y%m%d_%H}0000_TAI.fits"
        yield File(path, time + latency, observe)


def write(
    path: Path,
    moment: Moment,
    time: datetime,
    rng: np.random.Generator,
    *,
    size: int = FULL,
    cadence: int = 720,
    quality: int = 0,
    quick_look: bool = False,
) -> Disk:
    """A frame of *moment*'s field taken at *time* (UTC, mid-exposure); where its pixels lie.

    cadence : 720 or 45 s
    """
    disk, step = view(time, size)
    instrument = replace(HMI, scale=1.0 + SWING * _swing(time), noise=NOISE[cadence])
    if quality & BAD:
        instrument = replace(instrument, noise=BAD_NOISE * instrument.noise)
    b_los = frame(moment.br, moment.grid, disk, size, step, instrument, rng)
    header = {
        "ORIGIN": ORIGIN,
        "TELESCOP": "SDO/HMI",
        "INSTRUME": "HMI_SIDE1" if cadence == 720 else "HMI_FRONT2",
        "DETECTOR": "HMI",
        "WAVELNTH": 6173.0,
        "CAMERA": 1 if cadence == 720 else 2,
        "CONTENT": "MAGNETOGRAM",
        "BUNIT": "Gauss",
        "DATE": iso(time + LATENCY)[:19],
        "DATE-OBS": iso(time - timedelta(seconds=cadence / 2)),
        "T_OBS": f"{to_tai(time):%Y.%m.%d_%H:%M:%S}_TAI",
        "T_REC": f"{_slot(time, cadence):%Y.%m.%d_%H:%M:%S}_TAI",
        "TRECEPOC": "1993.01.01_00:00:00_TAI",
        "TRECSTEP": float(cadence),
        "TRECUNIT": "secs",
        "CADENCE": float(cadence),
        "DATASIGN": 1,
        "WCSNAME": "Helioprojective-cartesian",
        **helioprojective(disk, step, R_SUN_M),
        "DSUN_REF": AU_M,
        "CROTA2": disk.north,
        **dict.fromkeys(("CRDER1", "CRDER2", "CSYSER1", "CSYSER2"), "nan"),
        "CAR_ROT": int(rotation(time)),
        "OBS_VR": ORBIT * _swing(time),
        "OBS_VW": 29800.0 + ORBIT * _swing(time - timedelta(hours=6)),
        "OBS_VN": 0.0,
        "QUALITY": quality,
        "QUALLEV1": 0,
        "QLOOK": int(quick_look),
        "CALVER64": CALIBRATION,
        **statistics(b_los),
    }
    write_rice(path, b_los, header, scale=BSCALE)
    return disk


def view(time: datetime, size: int) -> tuple[Disk, float]:
    """The disk in a frame of *size* pixels, a little off centre, and arcsec per pixel."""
    step = STEP * FULL / size
    centre = (0.4978 * size, 0.4997 * size)
    return disk_of(earth(time), centre, step, ROLL, R_SUN_M), step


def frame(
    br: Picture,
    grid: CarringtonGrid,
    disk: Disk,
    size: int,
    step: float,
    instrument: Magnetograph,
    rng: np.random.Generator,
) -> Picture:
    """Line-of-sight field [G] of *br*, NaN beyond the crop."""
    b_los = magnetogram(br, grid, disk, size, step, instrument, rng)
    return np.where(radius(disk, size) < CROP, b_los, np.float32(np.nan))


def _swing(time: datetime) -> float:
    """The phase of the orbit, -1 to 1, once a day."""
    return math.sin(2.0 * math.pi * time.timestamp() / DAY.total_seconds())


def _slot(time: datetime, cadence: int) -> datetime:
    """The TAI slot that *time* belongs to."""
    tai = to_tai(time).replace(tzinfo=UTC).timestamp()
    return datetime.fromtimestamp(round(tai / cadence) * cadence, UTC)
