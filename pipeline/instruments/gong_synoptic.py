"""GONG synoptic maps of the radial field (mrbqs, mrzqs and kin), hourly or by rotation.

Header defects: no CUNIT, CDELT2 in sine latitude, the UTC time split over
DATE-OBS and TIME-OBS, no observer.
"""

from __future__ import annotations

from datetime import UTC

from pipeline.core import Observation, Quantity, SolarImage, earth
from pipeline.instruments.equal_area import equal_area
from pipeline.instruments.fits import GAUSS, FitsImage, keep


def recognises(image: FitsImage) -> bool:
    return image.text("TELESCOP") == "NSO-GONG" and image.text("CTYPE1") == "CRLN-CEA"


def read(image: FitsImage) -> SolarImage:
    """Radial field in gauss on longitude by sine latitude.

    Raises
    ------
    BadFile : another unit, a header that describes no equal-area map, or an empty map.
    """
    image.require_unit(*GAUSS)
    time = image.clock(f"{image.text('DATE-OBS')}T{image.text('TIME-OBS')}").replace(tzinfo=UTC)
    data, mask = keep(image)
    return SolarImage(
        data=data,
        mask=mask,
        unit="G",
        geometry=equal_area(image),
        observation=Observation(
            instrument="gong",
            quantity=Quantity.B_R,
            time=time,
            observer=earth(time),
            file=image.file,
            simulated=image.simulated,
        ),
    )
