"""Whole-sphere maps on longitude by sine latitude: GONG's, Stanford's, and users' own.

GONG's maps (mrbqs, mrzqs and kin), and all that copy their layout, split the UTC
time over DATE-OBS and TIME-OBS. Stanford's charts of a rotation and daily
synchronic frames give theirs in TAI; the frames do not say whether they hold the
line-of-sight or the radial field, which their names do (Ml, Mr). No map names an
observer. :mod:`~pipeline.instruments.equal_area` knows how each counts its pixels.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime

from pipeline.core import Observation, Quantity, SolarImage, earth, from_tai
from pipeline.instruments import hmi
from pipeline.instruments.equal_area import equal_area
from pipeline.instruments.fits import GAUSS, FitsImage, keep

INSTRUMENTS = {
    "NSO-GONG": "gong",
    "SDO/HMI": "hmi",
    "SOHO": "mdi",
    "allsun as NSO-GONG": "allsun",
    "SIMULATED allsun as NSO-GONG": "allsun",
}
LINE_OF_SIGHT = re.compile(r"[._ ](ml|blos)(daily|[._ ])", re.IGNORECASE)


def recognises(image: FitsImage) -> bool:
    return image.text("CTYPE1") == "CRLN-CEA"


def read(image: FitsImage) -> SolarImage:
    """Radial (or line-of-sight) field in gauss.

    Raises
    ------
    BadFile : another unit, no time, or a header that describes no equal-area map.
    """
    image.require_unit(*GAUSS)
    geometry = equal_area(image)
    telescope = image.text("TELESCOP")
    if telescope.startswith("SDO/HMI"):
        geometry = replace(geometry, lon=(geometry.lon - hmi.longitude_error(image)) % 360.0)
    time = _time(image)
    los = LINE_OF_SIGHT.search(f"{image.text('CONTENT')} {image.file.path.name}")
    data, mask = keep(image)
    return SolarImage(
        data=data,
        mask=mask,
        unit="G",
        geometry=geometry,
        observation=Observation(
            instrument=INSTRUMENTS.get(telescope, telescope.lower() or "unknown"),
            quantity=Quantity.B_LOS if los else Quantity.B_R,
            time=time,
            observer=earth(time),
            file=image.file,
            simulated=image.simulated,
        ),
    )


def _time(image: FitsImage) -> datetime:
    stanford = image.text("T_OBS")
    if stanford.endswith("_TAI"):
        return from_tai(image.clock(stanford))
    when = image.text("DATE-OBS")
    if image.text("TIME-OBS"):
        when = f"{when[:10]}T{image.text('TIME-OBS')}"
    return image.clock(when).replace(tzinfo=UTC)
