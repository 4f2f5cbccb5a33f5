"""STEREO/SECCHI EUVI images, science level 0.5 and beacon.

The roll is in CROTA, and CRVAL holds the pointing: the reference pixel is not
the disk's centre. BLANK is written as 0 or as -32768; no pixel counts zero,
because the camera adds its bias, so everything up to zero is blank. BIASMEAN
may exceed the darkest pixels by a few counts: what it leaves is noise about zero.
"""

from __future__ import annotations

import math
from datetime import timedelta

import numpy as np

from pipeline.core import Observation, Quantity, SolarImage
from pipeline.instruments.disk import check_lit, disk
from pipeline.instruments.fits import GIVE_ANOTHER, FitsImage, keep

# Transmission of the thin-film filters by wavelength [Å]; S1 and S2 are alike.
TRANSMISSION = {171: 0.49, 195: 0.49, 284: 0.33, 304: 0.29}
BIAS_SUBTRACTED = {103, 37, 38}  # on-board image-processing codes
BEACON = "_n7"  # in FILENAME; science files have _n4 or _n5


def recognises(image: FitsImage) -> bool:
    return image.text("DETECTOR") == "EUVI"


def read(image: FitsImage) -> SolarImage:
    """Brightness in DN/s before the filter, saturated pixels masked.

    Raises
    ------
    BadFile : another unit, missing blocks, an unknown filter, no exposure, no disk, a bias
        that cannot belong to these counts, or a disk that is dark in part.
    """
    image.require_unit("dn")
    wavelength = int(image.number("WAVELNTH"))
    if wavelength not in TRANSMISSION:
        raise image.refuse(f"{wavelength} Å is no channel of EUVI", GIVE_ANOTHER)
    if missing := int(image.number("NMISSING")):
        raise image.refuse(f"{missing} blocks of it were lost on the way", "take the next frame")
    if image.text("RECTIFY") not in ("True", "T"):
        raise image.refuse("RECTIFY says that north is not up")
    geometry = disk(image, roll="CROTA", semidiameter="RSUN")
    exposure, bias = image.positive("EXPTIME", below=1000.0), _bias(image)
    data, mask = keep(image, (image.data > 0) & (image.data <= image.number("DSATVAL")))
    darkest = float(np.percentile(data[mask], 1))
    if bias and abs(darkest / bias - 1.0) > 0.5:
        raise image.refuse(
            f"its darkest counts are about {darkest:.0f} where the bias should be {bias:.0f}",
            "take the next frame",
        )
    check_lit(image, geometry, data - bias, mask)
    return SolarImage(
        data=(data - bias) / (exposure * _transmission(image, wavelength)),
        mask=mask,
        unit="DN/s",
        geometry=geometry,
        observation=Observation(
            instrument=f"euvi-{image.text('OBSRVTRY')[-1:].lower()}",
            quantity=Quantity.INTENSITY,
            time=image.utc("DATE-OBS") + timedelta(seconds=exposure / 2),
            observer=geometry.observer,
            file=image.file,
            wavelength=wavelength,
            quick_look=BEACON in image.text("FILENAME"),
            simulated=image.simulated,
        ),
    )


def _bias(image: FitsImage) -> float:
    """Counts that the camera adds to every 4^(IPSUM - 1) pixels, 0 if taken off on board."""
    codes = {int(image.number(f"IP_PROG{i}")) for i in range(10) if image.text(f"IP_PROG{i}")}
    if codes & BIAS_SUBTRACTED:
        return 0.0
    return image.number("BIASMEAN") * math.pow(4.0, image.positive("IPSUM", below=5.0) - 1.0)


def _transmission(image: FitsImage, wavelength: int) -> float:
    factors = {"S1": TRANSMISSION[wavelength], "S2": TRANSMISSION[wavelength], "OPEN": 1.0}
    if image.text("FILTER") not in factors:
        raise image.refuse(f"its filter is {image.text('FILTER')!r}", "take the next frame")
    return factors[image.text("FILTER")]
