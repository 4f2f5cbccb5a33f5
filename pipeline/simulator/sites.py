"""The six sites of GONG: where they are, and whether the Sun stands in their sky."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np

J2000 = datetime(2000, 1, 1, 12, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Site:
    """code : as in file names; lon : deg east; lat : deg north."""

    code: str
    name: str
    lon: float
    lat: float


# Learmonth and Big Bear as their own headers say, the others from the network's map.
SITES = (
    Site("le", "Learmonth WA Aus", 114.103, -22.218),
    Site("ud", "Udaipur India", 73.71, 24.58),
    Site("td", "Teide Canary Islands", -16.51, 28.30),
    Site("ct", "Cerro Tololo Chile", -70.80, -30.17),
    Site("bb", "Big Bear CA USA", -116.921, 34.260),
    Site("ml", "Mauna Loa HI USA", -155.58, 19.54),
)
HORIZON = 80.0  # deg from the zenith: how low the telescopes follow, HORIZON in their headers


def zenith_distance(site: Site, time: datetime) -> float:
    """Angle between the Sun and the zenith, deg.

    The low-precision formulae of the Astronomical Almanac (section C), good to .01 deg.
    """
    days = (time - J2000) / timedelta(days=1)
    anomaly = np.radians(357.528 + 0.9856003 * days)
    mean = 280.460 + 0.9856474 * days
    ecliptic = np.radians(mean + 1.915 * np.sin(anomaly) + 0.020 * np.sin(2.0 * anomaly))
    tilt = np.radians(23.439 - 4e-7 * days)
    right_ascension = np.arctan2(np.cos(tilt) * np.sin(ecliptic), np.cos(ecliptic))
    declination = np.arcsin(np.sin(tilt) * np.sin(ecliptic))
    sidereal = np.radians(280.46062 + 360.98564737 * days + site.lon)
    lat = np.radians(site.lat)
    height = np.sin(lat) * np.sin(declination)
    height += np.cos(lat) * np.cos(declination) * np.cos(sidereal - right_ascension)
    return float(np.degrees(np.arccos(height)))


def sees_the_sun(site: Site, time: datetime) -> bool:
    return zenith_distance(site, time) < HORIZON
