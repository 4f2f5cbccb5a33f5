"""Bipolar regions: when and where they come up, what they are made of, how they decay.

A region rises within one to three days as several concentrations to each polarity
that draw apart. From the first hour on it also loses flux to its surroundings, which
from then on is carried as part of the large-scale field. What comes up on a day depends
on the seed and the day alone.

Numbers without a source are chosen; rate, flux, scatter in latitude, separation and decay
so that the maps compare with real ones as ``ops/simulator_statistics.py`` shows.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache

import numpy as np

from pipeline.core.geometry import Floats
from pipeline.core.grid import R_SUN_CM
from pipeline.simulator.activity import Cycle, cycles_at, year_of
from pipeline.simulator.concentrations import Concentrations, carried
from pipeline.surface.transport import Flow

STREAM = 3

REGIONS_PER_DAY = 0.009  # per unit of sunspot number
FLUX, FLUX_SCATTER = 4.0e21, 1.0  # Mx unsigned, median and scatter of the logarithm
LATITUDE_SCATTER = 5.0  # deg about the mean of the hemisphere
JOY = 0.5  # deg of tilt per deg of latitude (Li & Ulrich 2012, ApJ 758, 115)
TILT_SCATTER = 15.0  # deg, of 1e22 Mx; less of larger ones (Fisher et al. 1995, ApJ 438, 463)
ANTI_HALE = 0.04  # Stenflo & Kosovichev (2012, ApJ 745, 129)
SEPARATION = 6.0  # deg between the polarities of 1e22 Mx, as the cube root of the flux
RISE_DAYS = (1.0, 3.0)
DECAY_DAYS = 14.0  # of 1e22 Mx, as the cube root of the flux
LOSS_WIDTH = 0.7  # deg: how far lost flux is strewn at first
LIVES = 3.0  # decay times after which nothing is held
LONGEST = 70  # days of a life
EDGE = 50.0  # G: where a region ends

SPOT_FIELD, PLAGE_FIELD = 1500.0, 400.0  # G at the centre of the main spot and of the rest
FIELD_SCATTER = 0.35  # of the logarithm


@dataclass(frozen=True, slots=True)
class Region:
    """An active region at one moment.

    lon, lat : Carrington, deg, of the flux-weighted centre
    flux : Mx, unsigned, that it still holds together
    area : in millionths of the hemisphere, where its own field exceeds 50 G
    born : UTC, when its first flux came up
    leading_polarity : +1 or -1, of the western part
    tilt : deg, of the line between the polarities to the parallel; positive when the
        leading part lies closer to the equator
    """

    number: int
    lon: float
    lat: float
    flux: float
    area: float
    born: datetime
    leading_polarity: int
    tilt: float


@dataclass(frozen=True, slots=True, eq=False)
class Bipole:
    """All that will become of a region, fixed when it comes up.

    born : days of the ordinal calendar
    flux : Mx, unsigned, that comes up in all
    rise, decay : days
    west, north : deg from the centre when fully apart; share : of the flux, signed;
    field : G at the centre; one element to each concentration
    """

    number: int
    born: float
    lon: float
    lat: float
    flux: float
    rise: float
    decay: float
    leading_polarity: int
    tilt: float
    west: Floats
    north: Floats
    share: Floats
    field: Floats

    def held(self, day: float) -> float:
        """Flux that is up and not yet lost, Mx: steady rise, loss in proportion, none at last."""
        age = max(day - self.born, 0.0)
        risen = min(age, self.rise)
        grown = self.decay / self.rise * -math.expm1(-risen / self.decay)
        left = math.exp(-(age - risen) / self.decay) - math.exp(-LIVES)
        return self.flux * grown * max(left, 0.0) / -math.expm1(-LIVES)

    def lost(self, day: float) -> float:
        """Flux given away to the surroundings since the beginning, Mx."""
        risen = min(max(day - self.born, 0.0) / self.rise, 1.0)
        return self.flux * risen - self.held(day)

    def alive(self, day: float) -> bool:
        return 0.0 < day - self.born < self.rise + LIVES * self.decay

    def apart(self, day: float) -> tuple[Floats, Floats]:
        """Longitude and latitude (deg) of its concentrations, were the Sun to stand still."""
        grown = 0.35 + 0.65 * min((day - self.born) / self.rise, 1.0)
        lon = self.lon + grown * self.west / np.cos(np.radians(self.lat))
        return lon, self.lat + grown * self.north

    def region(self, day: float, flow: Flow) -> Region:
        """It as a list of regions names it on *day*."""
        lon, lat, flux, _ = concentrations([self], day, flow)
        weight = np.abs(flux)
        east = (lon - lon[0] + 180.0) % 360.0 - 180.0
        area = (weight / self.field * np.log(np.maximum(self.field / EDGE, 1.0))).sum()
        return Region(
            number=self.number,
            lon=float(lon[0] + np.average(east, weights=weight)) % 360.0,
            lat=float(np.average(lat, weights=weight)),
            flux=float(weight.sum()),
            area=float(area / (2.0 * np.pi * R_SUN_CM**2) * 1e6),
            born=datetime(1, 1, 1, tzinfo=UTC) + timedelta(days=self.born - 1.0),
            leading_polarity=self.leading_polarity,
            tilt=self.tilt,
        )


def concentrations(bipoles: Sequence[Bipole], day: float, flow: Flow) -> Concentrations:
    """What *bipoles* hold together on *day*; each part keeps its field and changes its size."""
    flux = np.concatenate([b.share * b.held(day) for b in bipoles])
    field = np.concatenate([b.field for b in bipoles])
    width = np.degrees(np.sqrt(np.abs(flux) / (2.0 * np.pi * field)) / R_SUN_CM)
    return Concentrations(*_places(bipoles, day, flow), flux, width)


def losses(bipoles: Sequence[Bipole], since: float, day: float, flow: Flow) -> Concentrations:
    """What *bipoles* have given to their surroundings from *since* to *day*."""
    flux = np.concatenate([b.share * (b.lost(day) - b.lost(since)) for b in bipoles])
    return Concentrations(*_places(bipoles, day, flow), flux, np.full(flux.shape, LOSS_WIDTH))


def _places(bipoles: Sequence[Bipole], day: float, flow: Flow) -> tuple[Floats, Floats]:
    """Longitude and latitude of all concentrations, carried since they came up, deg."""
    lon, lat = np.concatenate([b.apart(day) for b in bipoles], axis=1)
    age = np.repeat([day - b.born for b in bipoles], [b.share.size for b in bipoles])
    return carried(lon, lat, age, flow)


def alive(seed: int, day: float) -> list[Bipole]:
    """The regions that hold flux on *day* of the ordinal calendar."""
    today = int(np.floor(day))
    return [
        bipole
        for birthday in range(today - LONGEST, today + 1)
        for bipole in born_on(seed, birthday)
        if bipole.alive(day)
    ]


@lru_cache(maxsize=LONGEST + 2)
def born_on(seed: int, day: int) -> tuple[Bipole, ...]:
    """The regions that come up on ordinal *day*, of the fading and of the ruling cycle."""
    rng = np.random.default_rng((seed, STREAM, day))
    year, date = year_of(day), datetime.fromordinal(day)
    number = int(f"{date:%Y%j}00")
    cycles = [
        cycle
        for cycle in cycles_at(year)
        for _ in range(rng.poisson(REGIONS_PER_DAY * cycle.sunspot_number(year)))
    ]
    return tuple(
        _bipole(rng, number + k, day + rng.random(), cycle, year) for k, cycle in enumerate(cycles)
    )


def _bipole(
    rng: np.random.Generator, number: int, born: float, cycle: Cycle, year: float
) -> Bipole:
    hemisphere = int(rng.choice((-1, 1)))
    lat = hemisphere * abs(rng.normal(cycle.latitude(year), LATITUDE_SCATTER))
    hale = -1 if rng.random() < ANTI_HALE else 1
    polarity = hale * hemisphere * cycle.north_leads
    flux = FLUX * np.exp(FLUX_SCATTER * rng.standard_normal())
    size = (flux / 1e22) ** (1.0 / 3.0)
    tilt = JOY * abs(lat) + TILT_SCATTER / max(size, 0.5) * rng.standard_normal()
    along, aside, share, field = _parts(rng, flux, SEPARATION * size)
    angle = np.radians(tilt)
    # West is where the leading part goes; a positive tilt brings it towards the equator.
    west = along * np.cos(angle) + aside * np.sin(angle)
    north = -hemisphere * (along * np.sin(angle) - aside * np.cos(angle))
    return Bipole(
        number=number,
        born=born,
        lon=360.0 * rng.random(),
        lat=lat,
        flux=float(flux),
        rise=rng.uniform(*RISE_DAYS),
        decay=DECAY_DAYS * size,
        leading_polarity=polarity,
        tilt=float(tilt),
        west=west,
        north=north,
        share=polarity * share,
        field=field,
    )


def _parts(
    rng: np.random.Generator, flux: float, separation: float
) -> tuple[Floats, Floats, Floats, Floats]:
    """Concentrations along and aside of the axis (deg), share of the flux, and field (G).

    The leading polarity is compact about a main spot, the following one scattered.
    """
    count = 5 + rng.poisson(14.0 * np.sqrt(flux / 1e22), size=2)
    along, aside, share, field = [], [], [], []
    for sign, n, scatter, main in ((1.0, count[0], 0.15, 0.4), (-1.0, count[1], 0.22, 0.15)):
        along.append(separation * (0.5 * sign + scatter * rng.standard_normal(n)))
        aside.append(separation * scatter * rng.standard_normal(n))
        pieces = rng.dirichlet(np.full(n, 2.0))
        pieces = (1.0 - main) * pieces
        pieces[0] += main
        share.append(0.5 * sign * pieces)
        strength = np.full(n, PLAGE_FIELD)
        strength[0] = SPOT_FIELD
        field.append(strength * np.exp(FIELD_SCATTER * rng.standard_normal(n)))
    west, across, part, strong = map(np.concatenate, (along, aside, share, field))
    return west, across, part, strong
