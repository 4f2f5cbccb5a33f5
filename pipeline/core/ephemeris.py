"""Where the Earth, the planets and STEREO-A stand over the Sun.

A thin door to sunpy's ephemeris, so that the rest of the house deals in
:class:`Observer` only. Leap seconds and Earth orientation come from astropy's
built-in tables: an operational host must not wait for a download.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache

import numpy as np
from astropy import constants, units
from astropy.time import Time
from astropy.utils import iers
from sunpy.coordinates import get_body_heliographic_stonyhurst, sun

from pipeline.core.geometry import Observer

iers.conf.auto_download = False
# Sub-arcsecond Earth orientation is irrelevant at the Sun's distance.
iers.conf.iers_degraded_accuracy = "ignore"

PLANETS = ("mercury", "venus", "mars", "jupiter", "saturn")
AU = float(constants.au / constants.R_sun)  # solar radii
YEAR = timedelta(days=365.25)
ROTATION = 360.0 / 25.38  # deg a day, Carrington's sidereal rate

# STEREO-A drifts ahead of the Earth by 22 degrees a year and stood at Stonyhurst longitude
# +72.7 degrees on 2026-11-20; the same straight line is good to a few degrees for as long as
# the spacecraft flies.
EPOCH = datetime(2026, 11, 20, tzinfo=UTC)
AHEAD = 72.7  # deg at EPOCH
DRIFT = 22.0  # deg a year
STEREO_A_DISTANCE = 0.96  # au, the mean


@lru_cache(maxsize=1024)
def earth(time: datetime) -> Observer:
    """The Earth as an observer: apparent Carrington L0, B0 [deg] and distance [R_sun]."""
    (found,) = earths([time])
    return found


def earths(times: Sequence[datetime]) -> tuple[Observer, ...]:
    """The same at many *times*, for little more than the price of one."""
    when = Time([time.astimezone(UTC).replace(tzinfo=None) for time in times], scale="utc")
    lon, lat = np.atleast_1d(sun.L0(when).deg) % 360.0, np.atleast_1d(sun.B0(when).deg)
    distance = np.atleast_1d((sun.earth_distance(when) / constants.R_sun).to_value(units.one))
    return tuple(Observer(*map(float, place)) for place in zip(lon, lat, distance, strict=True))


def planet(name: str, time: datetime) -> Observer:
    """One of the :data:`PLANETS`, from astropy's built-in ephemeris (good to arcminutes)."""
    place = get_body_heliographic_stonyhurst(name, _time(time))
    lon, lat = (float(angle.to_value(units.deg)) for angle in (place.lon, place.lat))
    return stonyhurst(time, lon, lat, float(place.radius.to_value(units.au)))


def stereo_a(time: datetime) -> Observer:
    """STEREO-A, by its mean drift; its own headers know better than to a few degrees."""
    ahead = stereo_a_ahead(time)
    return stonyhurst(time, ahead, ecliptic_latitude(time, ahead), STEREO_A_DISTANCE)


def stereo_a_ahead(time: datetime) -> float:
    """How far STEREO-A is ahead of the Earth, deg of Stonyhurst longitude, -180 to 180."""
    return (AHEAD + DRIFT * ((time - EPOCH) / YEAR) + 180.0) % 360.0 - 180.0


def ecliptic_latitude(time: datetime, ahead: float) -> float:
    """Heliographic latitude, deg, of a place in the ecliptic *ahead* deg of the Earth.

    It sees the Sun's equator as the Earth will that much later.
    """
    return earth(time + ahead / 360.0 * YEAR).latitude


def stonyhurst(time: datetime, lon: float, lat: float, distance: float) -> Observer:
    """A place *lon* deg ahead of the Earth, at heliographic latitude *lat*, *distance* in au."""
    return Observer((earth(time).carrington_longitude + lon) % 360.0, lat, distance * AU)


def moved(observer: Observer, since: timedelta) -> Observer:
    """Where *observer*, on a circular orbit by Kepler's third law, is after a few days."""
    days, year = since / timedelta(days=1), YEAR / timedelta(days=1)
    orbit = 360.0 / (year * np.power(observer.distance / AU, 1.5))
    lon = (observer.carrington_longitude - (ROTATION - orbit) * days) % 360.0
    return Observer(float(lon), observer.latitude, observer.distance)


def _time(time: datetime) -> Time:
    return Time(time.astimezone(UTC).replace(tzinfo=None), scale="utc")
