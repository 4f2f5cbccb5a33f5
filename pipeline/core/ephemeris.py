"""Where the Earth stands over the Sun.

A thin door to sunpy's ephemeris, so that the rest of the house deals in
:class:`Observer` only. Leap seconds and Earth orientation come from astropy's
built-in tables: an operational host must not wait for a download.
"""

from __future__ import annotations

from datetime import UTC, datetime

from astropy import constants
from astropy.time import Time
from astropy.utils import iers
from sunpy.coordinates import sun

from pipeline.core.geometry import Observer

iers.conf.auto_download = False
# Sub-arcsecond Earth orientation is irrelevant at the Sun's distance.
iers.conf.iers_degraded_accuracy = "ignore"


def earth(time: datetime) -> Observer:
    """The Earth as an observer: apparent Carrington L0, B0 [deg] and distance [R_sun]."""
    when = Time(time.astimezone(UTC).replace(tzinfo=None), scale="utc")
    return Observer(
        carrington_longitude=float(sun.L0(when).deg) % 360.0,
        latitude=float(sun.B0(when).deg),
        distance=float(sun.earth_distance(when) / constants.R_sun),
    )
