"""SOHO/MDI full-disk line-of-sight magnetograms, calibration level 1.8.2.

Some numbers are written as text, T_OBS is the middle of the exposure in TAI.
SOHO turns upside down every three months since 2003, so any CROTA2 may be right.
"""

from __future__ import annotations

import math

from pipeline.core import Observation, Quantity, SolarImage, from_tai
from pipeline.instruments.disk import check_centred, disk, radius_map
from pipeline.instruments.fits import GAUSS, FitsImage, keep

# Random noise at disk centre by length of observation [s], gauss: one magnetogram of the
# one-minute kind and the mean of five (Liu et al. 2012, Sol. Phys. 279, 295).
NOISE = {30.0: 26.4, 300.0: 16.2}


def recognises(image: FitsImage) -> bool:
    return image.text("TELESCOP") == "SOHO" and image.text("CAMERA") == "MDI"


def read(image: FitsImage) -> SolarImage:
    """Line-of-sight field in gauss on the disk.

    Raises
    ------
    BadFile : another unit, a QUALITY other than 0, or a header that describes no disk.
    """
    image.require_unit(*GAUSS)
    if quality := image.bits("QUALITY"):
        raise image.refuse(f"QUALITY 0x{quality:08X} forbids its use", "take another frame")
    geometry = disk(image)
    r = radius_map(geometry, image.data.shape)
    check_centred(image, geometry, r)
    data, mask = keep(image, r < 1.0)
    return SolarImage(
        data=data,
        mask=mask,
        unit="G",
        geometry=geometry,
        observation=Observation(
            instrument="mdi",
            quantity=Quantity.B_LOS,
            time=from_tai(image.clock(image.text("T_OBS"))),
            observer=geometry.observer,
            file=image.file,
            noise=NOISE.get(image.number("INTERVAL"), math.nan),
            simulated=image.simulated,
        ),
    )
