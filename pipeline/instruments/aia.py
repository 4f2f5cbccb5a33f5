"""SDO/AIA extreme-ultraviolet images: the 1024-pixel synoptic level 1.5, and level 1.

R_SUN is in level-1 pixels whatever the size of the frame: the disk comes from
RSUN_OBS and CDELT. DATE-OBS is the start of the exposure, in UTC. Synoptic
frames carry no BUNIT; their numbers are counts per original .6 arcsec pixel.
What shines beyond the limb is a measurement too, though it lies on no sphere.
"""

from __future__ import annotations

from datetime import timedelta

from pipeline.core import Observation, Quantity, SolarImage
from pipeline.instruments.disk import disk
from pipeline.instruments.fits import GIVE_ANOTHER, FitsImage, in_words, keep

CHANNELS = (94, 131, 171, 193, 211, 304, 335)

# The QUALITY word of level 1 (JSOC, proj/lev0/apps/quallev1.h) where it spoils an image.
# Left out are what an image survives: a few missing pixels, no limb fit, near-real-time.
QUALITY = {
    0x80000000: "no image",
    0x800000: "lunar transit",
    0x400000: "thermal recovery",
    0x200000: "register flag",
    0x100000: "out of focus",
    0x40000: "calibration image",
    0x20000: "image stabilisation off",
    0x10000: "dark image",
    0x8000: "spacecraft in safe mode",
    0x4000: "no Sun",
    0x2000: "eclipse",
    0x1000: "spacecraft not in science mode",
    0x800: "over 25 % missing",
    0x400: "over 5 % missing",
    0x200: "over 1 % missing",
    0x8: "no pointing",
    0x4: "no spacecraft data",
    0x2: "no orbit",
    0x1: "no flat field",
}
NEAR_REAL_TIME = 0x40000000


def recognises(image: FitsImage) -> bool:
    return image.text("TELESCOP").startswith("SDO/AIA")


def read(image: FitsImage) -> SolarImage:
    """Brightness in DN/s.

    Raises
    ------
    BadFile : no EUV channel, another unit, a forbidden QUALITY, no exposure, or no disk.
    """
    wavelength = image.number("WAVELNTH")
    if wavelength not in CHANNELS:
        raise image.refuse(f"{wavelength:g} Å is no coronal channel", GIVE_ANOTHER)
    image.require_unit("dn", "")
    quality = image.bits("QUALITY")
    if forbidden := quality & sum(QUALITY):
        raise image.refuse(
            f"QUALITY 0x{quality:08X} forbids its use ({in_words(forbidden, QUALITY)})",
            "take the next frame",
        )
    geometry = disk(image)
    if abs(geometry.north) > 1.0:
        raise image.refuse(
            f"CROTA2 is {geometry.north:g}, but AIA frames come with north up: "
            "the frame is turned or was taken while the spacecraft rolled"
        )
    exposure = image.positive("EXPTIME", below=100.0)
    data, mask = keep(image)
    return SolarImage(
        data=data / exposure,
        mask=mask,
        unit="DN/s",
        geometry=geometry,
        observation=Observation(
            instrument="aia",
            quantity=Quantity.INTENSITY,
            time=image.utc("DATE-OBS") + timedelta(seconds=exposure / 2),
            observer=geometry.observer,
            file=image.file,
            wavelength=int(wavelength),
            quality=quality,
            quick_look=bool(quality & NEAR_REAL_TIME),
            simulated=image.simulated,
        ),
    )
