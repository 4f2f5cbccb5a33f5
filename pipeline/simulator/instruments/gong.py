"""GONG full-disk magnetograms: ten-minute averages of six sites, by day and without clouds.

GONG reports .7 of the field HMI sees (Munoz-Jaramillo et al. 2024), through the air:
5 arcsec of seeing. The quiet Big Bear frame of 2009-09-05 allows at most 3.4 G of noise
that differs between neighbouring pixels. Each site has a zero point of its own, a
plane of a few gauss that wanders through the day; bqa files carry it, zqa files a
tenth of it. The sky, -2000, is mixed into the outermost pixels of the disk. Chosen: the
size of the zero point's errors, how noise grows to the limb and from pixel to pixel, and
clouds, so that the network's duty cycle comes out as Hill et al. (2003, ESA SP-517) say.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property, lru_cache, partial
from pathlib import Path

import numpy as np

from pipeline.core import Disk, earth, from_gps, to_tai
from pipeline.core.times import TAI_MINUS_GPS
from pipeline.simulator.campaign import DAY, HOUR, Campaign, File
from pipeline.simulator.files import AU_M, ORIGIN, Header, iso, write_scaled
from pipeline.simulator.optics import Magnetograph, Picture, disk_of, magnetogram, radius
from pipeline.simulator.sites import HORIZON, SITES, Site, sees_the_sun, zenith_distance
from pipeline.simulator.sun import Moment

GONG = Magnetograph(scale=0.7, fwhm=5.0, noise=3.0, limb=0.3, grain=0.7)
SIZE = 860  # px
STEP = 2.53  # arcsec/px
R_SUN_M = 6.957e8
SKY = -2000.0
SATURATION = 2000.0  # G; what 16 bits are spread over
ZERO_SIGMA = 1.5  # G: of the constant and of both slopes over a radius
CORRECTED = 0.1  # of the zero-point error, what zqa files keep
EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
MIXED = 3.0  # px across the limb in which sky and disk are mixed
CLOUDY = 0.25  # of the blocks of three hours

LATENCY = timedelta(minutes=25)
AVERAGE = timedelta(minutes=10)
MIDDLE = timedelta(minutes=4, seconds=16)  # of an average, after its beginning
TREES = {"bqa": "gong2.nso.edu/oQR/bqa", "zqa": "gong2.nso.edu/ftp/oQR/zqa"}


@dataclass(frozen=True, slots=True)
class ZeroPoint:
    """Field reported where there is none: constant + west x + north y, gauss per radius."""

    constant: float
    west: float
    north: float

    def over(self, disk: Disk, size: int) -> Picture:
        y, x = np.ogrid[:size, :size]
        plane = (x - disk.x0) * self.west + (y - disk.y0) * self.north
        return np.asarray(self.constant + plane / disk.radius, np.float32)

    def times(self, factor: float) -> ZeroPoint:
        return ZeroPoint(self.constant * factor, self.west * factor, self.north * factor)


NO_ERROR = ZeroPoint(0.0, 0.0, 0.0)


class Look:
    """What one site reports of a *moment* at *time* (UTC), but for its zero point."""

    def __init__(self, moment: Moment, time: datetime, site: Site, rng: np.random.Generator):
        self.time = time
        self.site = site
        self.disk = disk_of(earth(time), (417.9, 427.6), STEP, 0.0, R_SUN_M)
        self._moment = moment
        self._rng = rng

    @cached_property
    def b_los(self) -> Picture:
        """Gauss, noise beyond the limb; made when it is first asked for."""
        moment = self._moment
        return magnetogram(moment.br, moment.grid, self.disk, SIZE, STEP, GONG, self._rng)


@lru_cache(maxsize=1)
def looks(moment: Moment, campaign: Campaign) -> tuple[Look, ...]:
    """One for every average that every site makes in the hour."""
    return tuple(
        Look(moment, time, site, campaign.rng("gong", site.code, time))
        for site in SITES
        for clock in campaign.times(moment.time, AVERAGE, MIDDLE)
        if observes(site, time := from_gps(clock.replace(tzinfo=None)), campaign)
    )


def files(moment: Moment, campaign: Campaign) -> Iterator[File]:
    """What every site that sees the Sun has averaged in the hour, raw and corrected."""
    for look in looks(moment, campaign):
        code = look.site.code
        error = zero_point(look.site, look.time, campaign)
        clock = to_tai(look.time) - TAI_MINUS_GPS
        for product, zero in (("bqa", error), ("zqa", error.times(CORRECTED))):
            name = f"{code}{product}{clock:%y%m%d}"
            path = f"{TREES[product]}/{clock:%Y%m}/{name}/{name}{clock:t%H%M}.fits.gz"
            yield File(path, look.time + LATENCY, partial(write, look=look, zero=zero))


def observes(site: Site, time: datetime, campaign: Campaign) -> bool:
    """Whether the Sun stands in the sky of *site* and no cloud before it."""
    return sees_the_sun(site, time) and not campaign.lost(site.code, time, 3 * HOUR, CLOUDY)


def zero_point(site: Site, time: datetime, campaign: Campaign) -> ZeroPoint:
    """The error of the zero point: what the site has always, and as much that wanders."""
    always = campaign.rng("zero", site.code).normal(0.0, ZERO_SIGMA, 3)
    amplitude = campaign.rng("wander", site.code).normal(0.0, ZERO_SIGMA, 3)
    phase = campaign.rng("phase", site.code).uniform(0.0, 2.0 * math.pi, 3)
    return ZeroPoint(*(always + amplitude * np.sin(2.0 * math.pi * (time - EPOCH) / DAY + phase)))


def write(path: Path, look: Look, zero: ZeroPoint = NO_ERROR) -> None:
    """The frame of *look* with the error *zero*."""
    b_los = look.b_los + zero.over(look.disk, SIZE)
    inside = (1.0 - radius(look.disk, SIZE)) * look.disk.radius
    covered = np.clip(inside / MIXED + 0.5, 0.0, 1.0)
    seen = covered * b_los + (1.0 - covered) * SKY
    write_scaled(path, seen, _header(look, seen), SATURATION / 32000.0)


def _header(look: Look, seen: Picture) -> Header:
    """Keywords of the sample frame, but for the engineering of site and pipeline."""
    disk, site = look.disk, look.site
    gps = to_tai(look.time) - TAI_MINUS_GPS
    limb = {"XC": disk.x0 + 1, "YC": disk.y0 + 1, "MI": disk.radius, "MA": disk.radius, "AN": 0.0}
    return {
        "GONGKEY1": "--------- Gong Keywords Section 1: Solarsoft ----------------",
        "ORIGIN": ORIGIN,
        "OBS-SITE": "NSO/GONG NETWORK",
        "TELESCOP": "NSO-GONG",
        "OBS-URL": "http://gong.nso.edu",
        "DATE": iso(look.time + LATENCY)[:19],
        "DATE-OBS": f"{gps:%Y/%m/%d}",
        "TIME-OBS": f"{gps:%H:%M:%S.%f}",
        "DATATYPE": "REAL*4",
        "WAVELNTH": 676.8,
        "WCSNAME": "Heliocentric-cartesian (approximate)",
        "CTYPE1": "GONGX",
        "CTYPE2": "GONGY",
        "CRPIX1": disk.x0 + 1,
        "CRPIX2": disk.y0 + 1,
        "CRVAL1": 0.0,
        "CRVAL2": 0.0,
        "IMTYPE": "MAGNETIC",
        "IMG_X0": disk.x0 + 1,
        "IMG_Y0": disk.y0 + 1,
        "IMGMN01": float(seen.mean()),
        "IMGRMS01": float(seen.std()),
        "IMGMIN01": float(seen.min()),
        "IMGMAX01": float(seen.max()),
        "GONGKEY2": "--------- Gong Keywords Section 2: Raw ----------------",
        "BUNIT": "GAUSS",
        "DTYPE": "OBSERVE",
        "SUNUP": True,
        "VALID": True,
        "SITENAME": site.name,
        "SITE": site.code.upper(),
        "LON": math.radians(site.lon),
        "LAT": math.radians(site.lat),
        "HORIZON": int(HORIZON),
        "ZENITH": math.radians(zenith_distance(site, look.time)),
        "DISTANCE": disk.observer.distance * R_SUN_M / AU_M,
        "RADIUS": math.asin(1.0 / disk.observer.distance),
        "GONGKEY3": "--------- Gong Keywords Section 3: Processing History ------------",
        **{f"FNDLMB{key}": value for key, value in limb.items()},
        "PIXLENX": 1.0,
        "PIXLENY": 1.0,
        "DONUT": True,
        "RIN": 0.0,
        "ROUT": 1.0,
        "SKYVALUE": SKY,
        "B0": disk.observer.latitude,
        "L0": disk.observer.carrington_longitude,
        "P_ANGLE": 0.0,
        "SEMIDIAM": math.asin(1.0 / disk.observer.distance),
        "N_USED": 9,
        **{f"AVGLMB{key}": value for key, value in limb.items()},
    }
