"""GONG helioseismic maps of the far side (fqo), every twelve hours.

The header names neither telescope nor projection: the picture is a Postel
projection about (REF_L0, REF_B0), the antipode of the Earth, with
X0 and Y0 counted from 0, DAXIS radians per pixel, north up and Carrington
longitude to the right. TIME0 is when the 24 hours of input began; reference
longitude and map hold for their middle, DTIME/2 later. One card says
'85920 /sec'.
"""

from __future__ import annotations

from datetime import UTC, timedelta

import numpy as np

from pipeline.core import Observation, Postel, Quantity, SolarImage, earth
from pipeline.instruments.fits import FitsImage, keep

USEFUL = np.radians(57.0)  # from the antipode; beyond it the map holds no signal


def recognises(image: FitsImage) -> bool:
    return all(image.text(key) for key in ("REF_L0", "REF_B0", "DAXIS1", "X0", "TIME0"))


def read(image: FitsImage) -> SolarImage:
    """Phase shift in radians, negative over active regions.

    Raises
    ------
    BadFile : a missing keyword or unequal axes.
    """
    step = image.positive("DAXIS1", below=0.1)
    if image.number("DAXIS2") != step:
        raise image.refuse("DAXIS1 and DAXIS2 differ")
    geometry = Postel(
        x0=image.positive("X0", below=image.data.shape[1]),
        y0=image.positive("Y0", below=image.data.shape[0]),
        step=step,
        lon=image.number("REF_L0") % 360.0,
        lat=image.number("REF_B0"),
    )
    start = image.clock(image.text("TIME0").replace(" ", "-", 2).replace(" ", "T")).replace(
        tzinfo=UTC
    )
    time = start + timedelta(seconds=image.positive("DTIME", below=1e6) / 2)
    ny, nx = image.data.shape
    y, x = np.ogrid[:ny, :nx]
    data, mask = keep(image, np.hypot(x - geometry.x0, y - geometry.y0) * step < USEFUL)
    return SolarImage(
        data=data,
        mask=mask,
        unit="rad",
        geometry=geometry,
        observation=Observation(
            instrument="gong-seismic",
            quantity=Quantity.PHASE_SHIFT,
            time=time,
            observer=earth(time),
            file=image.file,
            quick_look=True,
            simulated=image.simulated,
        ),
    )
