"""HMI active-region patches (SHARP) on an equal-area grid about the patch centre.

The projection is turned so that its origin is the patch centre: a row is not a
parallel (Sun 2013, arXiv:1309.2392). CUNIT is 'degree'; T_OBS is in TAI. The
header does not say which segment it is: line-of-sight and radial field carry
the same keywords, so the segment is read from the file's name.
"""

from __future__ import annotations

import math
from dataclasses import replace

from pipeline.core import Observation, Quantity, SolarImage, from_tai
from pipeline.instruments import hmi
from pipeline.instruments.disk import observer
from pipeline.instruments.equal_area import equal_area
from pipeline.instruments.fits import GAUSS, FitsImage, keep

QUANTITIES = {"magnetogram": Quantity.B_LOS, "Br": Quantity.B_R}


def recognises(image: FitsImage) -> bool:
    return bool(image.text("HARPNUM")) and image.text("CTYPE1") == "CRLN-CEA"


def read(image: FitsImage) -> SolarImage:
    """Line-of-sight or radial field in gauss.

    Raises
    ------
    BadFile : another segment or unit, a forbidden QUALITY, or a header that fits on no sphere.
    """
    segment = image.file.path.name.removesuffix(".fits").rpartition(".")[2]
    if segment not in QUANTITIES:
        raise image.refuse(
            "its name does not end in .magnetogram.fits or .Br.fits, and the header does not "
            "say which segment of the patch it is",
            "give it the archive's name back",
        )
    image.require_unit(*GAUSS)
    quality, quick_look = hmi.read_quality(image)
    geometry = equal_area(image)
    geometry = replace(geometry, lon=(geometry.lon - hmi.longitude_error(image)) % 360.0)
    data, mask = keep(image)
    return SolarImage(
        data=data,
        mask=mask,
        unit="G",
        geometry=geometry,
        observation=Observation(
            instrument="hmi",
            quantity=QUANTITIES[segment],
            time=from_tai(image.clock(image.text("T_OBS"))),
            observer=hmi.corrected(image, observer(image)),
            file=image.file,
            noise=hmi.NOISE[720.0] if segment == "magnetogram" else math.nan,
            quality=quality,
            quick_look=quick_look,
            simulated=image.simulated,
        ),
    )
