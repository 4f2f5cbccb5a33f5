"""GONG full-disk line-of-sight magnetograms (bqa, zqa): ten-minute averages of one site.

Header defects: no CUNIT and no usable CDELT; the clock runs on GPS time; the
date is split and written with slashes; old files have no BUNIT, B0 or L0.
FNDLMBXC and FNDLMBYC count from 1, as CRPIX does: on the Big Bear frame of
2009-09-05 the picture of the disk lies within .1 px of that and a whole pixel
from the other reading. Off the disk stands SKYVALUE (-2000), and resampling has
mixed it into the outermost pixels of the disk.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import numpy as np

from pipeline.core import Disk, Observation, Observer, Quantity, SolarImage, earth, from_gps
from pipeline.instruments.disk import check_centred, inside, radius_map
from pipeline.instruments.fits import GAUSS, GIVE_ANOTHER, FitsImage, keep

# Scatter of neighbouring pixels, divided by sqrt 2, at the centre of the quiet Big Bear
# frame of 2009-09-05: an upper bound, for it holds some real field.
NOISE = 3.4
MIXED = 3.0  # px inside the limb; inward of it the scatter is that of the disk


def recognises(image: FitsImage) -> bool:
    return image.text("TELESCOP") == "NSO-GONG" and image.text("CTYPE1") == "GONGX"


def read(image: FitsImage) -> SolarImage:
    """Line-of-sight field in gauss on the disk.

    Raises
    ------
    BadFile : a placeholder, another unit, or a header that describes no disk.
    """
    if image.text("FILLED") not in ("", "0", "F", "False"):
        raise image.refuse("FILLED says it is a placeholder", "wait for the next frame")
    if image.text("IMTYPE") != "MAGNETIC":
        raise image.refuse(f"it is no magnetogram (IMTYPE {image.text('IMTYPE')!r})", GIVE_ANOTHER)
    image.require_unit(*GAUSS, "")
    time = from_gps(image.clock(f"{image.text('DATE-OBS')}T{image.text('TIME-OBS')}"))
    disk = inside(image, _disk(image, time))
    sky = image.data <= image.number("SKYVALUE") + 1.0
    image = replace(image, data=np.where(sky, np.float32(np.nan), image.data))
    r = radius_map(disk, image.data.shape)
    check_centred(image, disk, r)
    data, mask = keep(image, r < 1.0 - MIXED / disk.radius)
    return SolarImage(
        data=data,
        mask=mask,
        unit="G",
        geometry=disk,
        observation=Observation(
            instrument="gong",
            quantity=Quantity.B_LOS,
            time=time,
            observer=disk.observer,
            file=image.file,
            noise=NOISE,
            quick_look=True,
            simulated=image.simulated,
        ),
    )


def _disk(image: FitsImage, time: datetime) -> Disk:
    """The mean circle of the fitted limb, solar north up, seen from the Earth."""
    if image.text("P_ANGLE") and image.number("P_ANGLE") != 0.0:
        raise image.refuse("P_ANGLE says that north is not up")
    observer = earth(time)
    if image.text("L0") and image.text("B0"):
        observer = Observer(image.number("L0") % 360.0, image.number("B0"), observer.distance)
    return Disk(
        x0=image.number("FNDLMBXC") - 1.0,
        y0=image.number("FNDLMBYC") - 1.0,
        radius=(image.number("FNDLMBMA") + image.number("FNDLMBMI")) / 2.0,
        north=0.0,
        observer=observer,
    )
