"""SDO/HMI full-disk line-of-sight magnetograms, definitive and near-real-time.

Stored as the camera is mounted, upside down (CROTA2 about 180); T_OBS is the
middle of the exposure in TAI. Beyond a circle some 5 % wider than the disk the
frame is blank; between limb and circle there is only noise.
"""

from __future__ import annotations

import math
from dataclasses import replace

from pipeline.core import Observation, Observer, Quantity, SolarImage, from_tai
from pipeline.instruments.disk import check_centred, disk, radius_map
from pipeline.instruments.fits import GAUSS, FitsImage, in_words, keep

# Upper bounds of the random noise at disk centre by cadence [s], gauss
# (Liu et al. 2012, Sol. Phys. 279, 295).
NOISE = {45.0: 10.2, 720.0: 6.3}

# The QUALITY word of the HMI observables, as JSOC documents it.
QUALITY = {
    0x80000000: "no data",
    0x40000000: "target filtergram missing",
    0x20000000: "keywords not interpolated",
    0x10000: "few filtergrams to interpolate",
    0x8000: "few keywords to interpolate",
    0x4000: "image stabilisation off",
    0x2000: "no temperature",
    0x1000: "gaps not filled",
    0x800: "limb fit failed",
    0x400: "no list of cosmic-ray hits",
    0x200: "eclipse",
    0x100: "eclipse",
    0x80: "temperature out of range",
    0x20: "poor quality",
}
NO_COSMIC_RAYS = 0x400  # normal in near-real-time data, harmless in any
REJECT_NRT = 0xFFFEFB00  # JSOC's own mask for near-real-time synoptic products

LONGITUDE_CORRECTED = 0x10000000  # bit of CALVER64
LONGITUDE_ERROR = 0.081894  # deg, as JSOC's synoptic-frame programs subtract it


def recognises(image: FitsImage) -> bool:
    return image.text("TELESCOP").startswith("SDO/HMI") and image.text("CTYPE1") == "HPLN-TAN"


def read(image: FitsImage) -> SolarImage:
    """Line-of-sight field in gauss on the disk.

    Raises
    ------
    BadFile : a defect of the header, a forbidden QUALITY, or nothing measured on the disk.
    """
    image.require_unit(*GAUSS)
    quality, quick_look = read_quality(image)
    geometry = disk(image)
    geometry = replace(geometry, observer=corrected(image, geometry.observer))
    if abs(abs(geometry.north) - 180.0) > 1.0:
        raise image.refuse(
            f"CROTA2 is {geometry.north:g}, but HMI is mounted at 180: "
            "the frame is turned or was taken while the spacecraft rolled"
        )
    r = radius_map(geometry, image.data.shape)
    check_centred(image, geometry, r)
    data, mask = keep(image, r < 1.0)
    return SolarImage(
        data=data,
        mask=mask,
        unit="G",
        geometry=geometry,
        observation=Observation(
            instrument="hmi",
            quantity=Quantity.B_LOS,
            time=from_tai(image.clock(image.text("T_OBS"))),
            observer=geometry.observer,
            file=image.file,
            noise=NOISE.get(image.number("CADENCE"), math.nan),
            quality=quality,
            quick_look=quick_look,
            simulated=image.simulated,
        ),
    )


def read_quality(image: FitsImage) -> tuple[int, bool]:
    """The QUALITY word, and whether the frame is near-real-time (QLOOK).

    Raises
    ------
    BadFile : the word forbids scientific use.
    """
    quality, quick_look = image.bits("QUALITY"), bool(image.bits("QLOOK") & 1)
    forbidden = quality & (REJECT_NRT if quick_look else ~NO_COSMIC_RAYS)
    if forbidden:
        raise image.refuse(
            f"QUALITY 0x{quality:08X} forbids its use ({in_words(forbidden, QUALITY)})",
            "wait for the next frame",
        )
    return quality, quick_look


def longitude_error(image: FitsImage) -> float:
    """How far every Carrington longitude in a file of HMI is too large, deg.

    Until late 2020 JSOC's longitudes were off by a constant; CALVER64 tells
    which files are corrected. Patches of 2011 and 2025 against the ephemeris of
    the Earth: +.070 without the bit and +.012…+.016 with it (the orbit of SDO
    accounts for ±.016).
    """
    if not image.text("CALVER64") or image.bits("CALVER64") & LONGITUDE_CORRECTED:
        return 0.0
    return LONGITUDE_ERROR


def corrected(image: FitsImage, observer: Observer) -> Observer:
    """The *observer* at the right longitude."""
    longitude = observer.carrington_longitude - longitude_error(image)
    return replace(observer, carrington_longitude=longitude % 360.0)
