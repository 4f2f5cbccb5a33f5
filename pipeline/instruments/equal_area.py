"""Cylindrical equal-area headers: whole-sphere maps and active-region patches.

Three conventions share the name CRLN-CEA. Patches follow FITS (Calabretta &
Greisen 2002): CDELT2 in degrees, the origin at (CRVAL1, CRVAL2). GONG maps give
no CUNIT and step in sine latitude. Stanford's maps say CUNIT2 'Sine Latitude'
and count the row in Carrington time, which runs against longitude: CDELT1 is
negative and longitude is -(CRVAL1 + (pixel - CRPIX1) CDELT1), modulo 360.
"""

from __future__ import annotations

import math

from pipeline.core import CylindricalEqualArea
from pipeline.instruments.fits import GIVE_ANOTHER, FitsImage


def equal_area(image: FitsImage) -> CylindricalEqualArea:
    """The geometry that an equal-area header describes.

    Raises
    ------
    BadFile : another projection, a missing keyword, or steps that do not fit on a sphere.
    """
    ctypes = image.text("CTYPE1"), image.text("CTYPE2")
    if ctypes != ("CRLN-CEA", "CRLT-CEA"):
        raise image.refuse(f"its axes are {ctypes}, not an equal-area map", GIVE_ANOTHER)
    dlon, lon = image.number("CDELT1"), image.number("CRVAL1")
    if dlon < 0.0:
        dlon, lon = -dlon, -lon
    dsin = image.number("CDELT2")
    if image.text("CUNIT2").lower().startswith("deg"):
        dsin = math.radians(dsin)
    ny, nx = image.data.shape
    if not (0.0 < dlon * nx < 360.5 and 0.0 < dsin * ny < 2.001):
        raise image.refuse(
            f"{nx} by {ny} pixels of {dlon:g} deg by {dsin:g} in sine latitude fit on no sphere"
        )
    lat = image.number("CRVAL2")
    if abs(lat) > 90.0:
        raise image.refuse(f"CRVAL2 is {lat:g}, no latitude")
    return CylindricalEqualArea(
        x0=image.number("CRPIX1") - 1.0,
        y0=image.number("CRPIX2") - 1.0,
        dlon=dlon,
        dsin=dsin,
        lon=lon % 360.0,
        lat=lat,
    )
