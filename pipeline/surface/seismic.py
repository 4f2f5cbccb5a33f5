"""Active regions that only helioseismology has found: where on a map of waves, what flux, and how
unsure.

A detection says that flux has come up unseen: it adds to the map and to its variance, instead
of pulling the map as a magnetogram does. What is added is the mean over all that the detection
leaves open (whether the region is real, where, how strong, which polarity leads), so that it is
wide and faint, and the variance is the spread of the same; any magnetogram outweighs it.
Knows nothing of how waves are measured.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from pipeline.core import (
    BadFile,
    CarringtonGrid,
    GlobalMap,
    Quantity,
    SeismicRegion,
    SeismicRegions,
    SolarImage,
    Source,
    great_circle,
)
from pipeline.core.grid import R_SUN_CM
from pipeline.surface.ensemble import centred, members_of
from pipeline.surface.rotation import drift_rate
from pipeline.surface.transport import blur

Floats = NDArray[np.float64]

THRESHOLD = 0.12  # rad
SURE = 0.16  # rad
# That a region is real, by the least phase shift, rad: what is left of the hits on the six maps
# of March 2014 when chance is taken out (ops/seismic_regions.py).
PROBABILITY = {SURE: 0.8, THRESHOLD: 0.3}
LISTED = 0.8  # of a list that names strong regions only and gives no figure
REACH = 10.0  # deg; places are good to 5-10
USEFUL = 50.0  # deg from the antipode of the Earth; maps are noisy beyond

# |phase| = .061 + .031 (flux / 1e22 Mx) of the regions of March 2014, with a correlation of .25.
PER_FLUX, CORRELATION = 0.031e-22, 0.25  # rad/Mx
# What came round of those above the threshold, .15 rad on average, held 1.1e22 Mx on HMI frames
# that are clipped at 250 G, give or take a fifth; the error here allows for the clipping.
TYPICAL, TYPICAL_FLUX, FLUX_SCATTER = 0.15, 1.1e22, 0.5
POSITION = 5.5  # deg, standard error in each of two directions: 6.0 and 5.2 on those maps
WIDTH = 3.0  # deg, standard deviation of either polarity
SEPARATION = 6.0  # deg between the polarities of 1e22 Mx, as the cube root of the flux
JOY = 0.5  # deg of tilt per deg of latitude
ANTI_HALE = 0.04  # of all regions (Stenflo & Kosovichev 2012, ApJ 745, 129)
SEEN_HOURS = 24.0  # a place seen since then speaks for itself
SURROUNDINGS = 4.0  # deg: flux is counted in a map smoothed to that, where the network cancels
CARRIED = 0.5  # of the flux of a region: the map has it already
# A cell rests on a sighting where its variance is a quarter of the largest and over, if more
# than half of the pattern was not there.
PLACE, MOST = 0.25, 0.5

# Start of cycles 20 to 25 (SILSO); later ones come every eleven years, and each lives on near
# the equator while the next one begins.
FIRST_CYCLE, MINIMA, PERIOD = 20, (1964.8, 1976.2, 1986.7, 1996.6, 2008.96, 2019.96), 11.0
BEFORE, AFTER = 1.0, 1.5  # years beyond its minima in which a cycle shows
ABOVE = 15.0  # deg; a cycle's regions lie no further from the equator than so much over the mean


@dataclass(frozen=True, slots=True)
class Bipole:
    """Two polarities of opposite flux.

    lon, lat : of the middle, deg; flux : unsigned, Mx; probability : that there is one
    leading : polarity of the western part; separation, tilt : deg, positive when the
        leading part lies further north
    """

    lon: float
    lat: float
    flux: float
    probability: float
    leading: int
    separation: float
    tilt: float


def seismic_regions(image: SolarImage, threshold: float = THRESHOLD) -> SeismicRegions:
    """The strongest places of a map of phase shifts, none within 10° of a stronger one.

    Of these, as far from the equator as the cycle's regions go.

    threshold : rad, of the least phase shift that counts

    Raises
    ------
    BadFile : the image holds no phase shifts.
    """
    observation = image.observation
    if observation.quantity is not Quantity.PHASE_SHIFT:
        path = observation.file.path
        raise BadFile(path, "it is no map of phase shifts", "give a seismic map of GONG or HMI")
    rows, columns = np.nonzero(image.mask & (np.nan_to_num(image.data) <= -threshold))
    phase = image.data[rows, columns].astype(np.float64)
    lon, lat = image.geometry.sphere(columns, rows)
    here = observation.observer
    away = great_circle(lon, lat, here.carrington_longitude + 180.0, -here.latitude)
    highest = max(mean for _, mean in _cycles(observation.time)) + ABOVE
    left = (away < USEFUL) & (np.abs(lat) < highest)
    found: list[SeismicRegion] = []
    while left.any():
        k = int(np.argmin(np.where(left, phase, 0.0)))
        found.append(SeismicRegion(float(lon[k]), float(lat[k]), float(phase[k])))
        left &= great_circle(lon, lat, float(lon[k]), float(lat[k])) > REACH
    return SeismicRegions(tuple(found), observation)


def add_seismic(state: GlobalMap, sightings: Sequence[SeismicRegions]) -> GlobalMap:
    """Add to *state* the flux of far-side regions that it lacks; the net flux stays.

    A region is left out where most places within 10° have been observed for a day or less, or
    where the map carries half of its flux. Of a pattern that is there in part, because an
    earlier sighting put it there, only the rest is added. All are carried to the map's time;
    of each network only what is newer than what the map has had.
    """
    sightings = [s for s in sightings if _is_news(state, s)]
    for bipole, sighting in _bipoles(state.time, sightings):
        state = _with(state, bipole, sighting)
    times = {s.observation.instrument: s.observation.time for s in sightings}
    newest = {name: max(time, state.last_observed.get(name, time)) for name, time in times.items()}
    return replace(
        state,
        inputs=(*state.inputs, *(s.observation for s in sightings)),
        last_observed={**state.last_observed, **newest},
        simulated=state.simulated or any(s.observation.simulated for s in sightings),
    )


def _is_news(state: GlobalMap, sighting: SeismicRegions) -> bool:
    observation = sighting.observation
    last = state.last_observed.get(observation.instrument)
    return observation.time <= state.time and (last is None or observation.time > last)


def bipole(region: SeismicRegion, time: datetime) -> Bipole:
    """What a region most probably is: flux by its strength, Hale's and Joy's laws.

    The flux is that of the regression of flux on phase, which a correlation of .25 makes
    almost that of a typical region, whatever the strength.
    """
    phase = TYPICAL if math.isnan(region.phase) else abs(region.phase)
    flux = TYPICAL_FLUX + CORRELATION**2 / PER_FLUX * (phase - TYPICAL)
    return Bipole(
        region.lon,
        region.lat,
        flux,
        probability(region),
        leading_polarity(region.lat, time),
        SEPARATION * (flux / 1e22) ** (1.0 / 3.0),
        -JOY * region.lat,
    )


def probability(region: SeismicRegion) -> float:
    """That a region is real: as its list says, or by its strength."""
    if not math.isnan(region.probability):
        return region.probability
    if math.isnan(region.phase):
        return LISTED
    return next((p for phase, p in PROBABILITY.items() if abs(region.phase) >= phase), 0.0)


def leading_polarity(lat: float, time: datetime) -> int:
    """Polarity of the western part (Hale): negative in the north in even cycles."""
    cycle, _ = min(_cycles(time), key=lambda cycle: abs(abs(lat) - cycle[1]))
    return -1 if (cycle % 2 == 0) == (lat >= 0.0) else 1


def _cycles(time: datetime) -> list[tuple[int, float]]:
    """Numbers of the cycles that show, with the mean latitude of their regions, deg.

    28 exp(-t/90 months) (Hathaway 2011, Solar Phys. 273, 221).
    """
    year = time.year + (time - time.replace(month=1, day=1)) / timedelta(days=365.25)
    starts = [*MINIMA]
    while starts[-1] <= year + BEFORE:
        starts.append(starts[-1] + PERIOD)
    return [
        (FIRST_CYCLE + n, 28.0 * math.exp(-12.0 * (year - start) / 90.0))
        for n, (start, end) in enumerate(zip(starts, [*starts[1:], math.inf], strict=True))
        if start - BEFORE <= year < end + AFTER
    ]


def expected(bipole: Bipole, grid: CarringtonGrid) -> tuple[Floats, Floats]:
    """Mean field, G, and variance, G², of a bipole of unsure existence, place, flux and polarity.

    Both polarities are Gaussians of WIDTH, their place is wrong by POSITION, so the mean is of
    Gaussians of both; the mean square is that of their squares, which are Gaussians as well.
    """
    lead, follow = _poles(bipole)
    # The product of two Gaussians is a narrower one between them (exp(-d²/4w²) / 4πw² of it).
    narrow = math.hypot(WIDTH / math.sqrt(2.0), POSITION)
    overlap = math.exp(-(bipole.separation**2) / (4.0 * WIDTH**2))
    squares = _gaussian(grid, *lead, narrow) + _gaussian(grid, *follow, narrow)
    squares -= 2.0 * overlap * _gaussian(grid, bipole.lon, bipole.lat, narrow)
    peak = 4.0 * math.pi * (math.radians(WIDTH) * R_SUN_CM) ** 2
    flux2 = (1.0 + FLUX_SCATTER**2) * (0.5 * bipole.flux) ** 2
    mean = _mean(bipole, grid)
    return mean, (bipole.probability * flux2 * squares / peak - mean**2).clip(min=0.0)


def _bipoles(
    time: datetime, sightings: Iterable[SeismicRegions]
) -> Iterator[tuple[Bipole, SeismicRegions]]:
    """The regions of all *sightings* at *time*, the surest first, none twice."""
    candidates = sorted(
        (
            (carried_region(region, s.observation.time, time), s)
            for s in sightings
            for region in s.regions
        ),
        key=lambda pair: (-probability(pair[0]), pair[0].lon),
    )
    taken: list[SeismicRegion] = []
    for region, sighting in candidates:
        if probability(region) and not any(
            great_circle(region.lon, region.lat, t.lon, t.lat) < REACH for t in taken
        ):
            taken.append(region)
            yield bipole(region, time), sighting


def carried_region(region: SeismicRegion, start: datetime, stop: datetime) -> SeismicRegion:
    """Where differential rotation takes a region from *start* to *stop*, either way."""
    drift = float(drift_rate(np.array(region.lat))) * ((stop - start) / timedelta(days=1))
    return replace(region, lon=(region.lon + drift) % 360.0)


def _with(state: GlobalMap, bipole: Bipole, sighting: SeismicRegions) -> GlobalMap:
    """*state* and what it lacks of the bipole."""
    grid = state.grid
    near = _cosine(grid, bipole.lon, bipole.lat) > math.cos(math.radians(REACH))
    carried = np.abs(blur(state.br, grid, SURROUNDINGS))[near].sum() * grid.cell_area
    seen = state.age < SEEN_HOURS
    if np.mean(seen[near]) > 0.5 or carried > CARRIED * bipole.flux:
        return state
    mean, variance = expected(bipole, grid)
    share = 1.0 - _there(state, bipole)
    lacking = np.where(seen, 0.0, share)
    after = state.sigma.astype(np.float64) ** 2 + lacking * variance
    # Its place, if most of it is new here, or if sound had put it here.
    rests = (state.source == Source.SEISMIC) | (share > MOST)
    marked = rests & ~seen & (variance > PLACE * variance.max())
    hours = (state.time - sighting.observation.time) / timedelta(hours=1)
    br = (state.br + _balanced(lacking * mean)).astype(np.float32)
    return replace(
        state,
        br=br,
        members=_members(state, bipole, lacking, br),
        sigma=np.sqrt(after).astype(np.float32),
        source=np.where(marked, Source.SEISMIC, state.source).astype(np.uint8),
        age=np.where(marked, hours, state.age).astype(np.float32),
    )


def _members(
    state: GlobalMap, bipole: Bipole, lacking: Floats, br: NDArray[np.float32]
) -> NDArray[np.float32] | None:
    """Every member with a bipole of its own, or none, about the mean *br*."""
    if state.members is None:
        return None
    rng = np.random.default_rng([int(state.time.timestamp()), round(bipole.lon)])
    drawn = np.stack([_balanced(lacking * one) for one in _draws(bipole, state, rng)])
    return centred(state.members + drawn, br)


def _draws(bipole: Bipole, state: GlobalMap, rng: np.random.Generator) -> Iterator[Floats]:
    """A field, G, for each member: existence, place, flux and polarity drawn at random."""
    for _ in members_of(state):
        west, north = rng.normal(0.0, POSITION, 2)
        there = rng.random() < bipole.probability
        polarity = -1.0 if rng.random() < ANTI_HALE else 1.0
        flux = bipole.flux * (1.0 + FLUX_SCATTER * rng.choice([-1.0, 1.0]))
        lon = bipole.lon + west / math.cos(math.radians(bipole.lat))
        drawn = replace(bipole, lon=lon, lat=bipole.lat + north)
        yield 0.5 * flux * there * polarity * bipole.leading * _pattern(drawn, state.grid, WIDTH)


def _there(state: GlobalMap, bipole: Bipole) -> float:
    """How much of the pattern the map has, 0 to 1, as far off as sightings disagree."""
    best, grid = 0.0, state.grid
    for north in (-POSITION, 0.0, POSITION):
        pattern = _mean(replace(bipole, lat=bipole.lat + north), grid)
        square = float((pattern**2).sum())
        for west in (-POSITION, 0.0, POSITION):
            cells = round(west / math.cos(math.radians(bipole.lat)) * grid.nlon / 360.0)
            shared = float((np.roll(pattern, cells, axis=1) * state.br).sum())
            best = max(best, shared / square)
    return min(best, 1.0)


def _balanced(field: Floats) -> Floats:
    """*field* with the stronger polarity scaled to the weaker: no net flux."""
    plus, minus = field.clip(min=0.0), field.clip(max=0.0)
    flux = min(plus.sum(), -minus.sum())
    return plus * (flux / plus.sum()) + minus * (flux / -minus.sum()) if flux else 0.0 * field


def _mean(bipole: Bipole, grid: CarringtonGrid) -> Floats:
    """Mean field, G, over all that is unsure of a bipole."""
    hale = bipole.leading * (1.0 - 2.0 * ANTI_HALE)
    pattern = _pattern(bipole, grid, math.hypot(WIDTH, POSITION))
    return 0.5 * bipole.flux * bipole.probability * hale * pattern


def _pattern(bipole: Bipole, grid: CarringtonGrid, width: float) -> Floats:
    """Unit flux of either sign, the positive one leading, per cm²."""
    lead, follow = _poles(bipole)
    return _gaussian(grid, *lead, width) - _gaussian(grid, *follow, width)


def _poles(bipole: Bipole) -> tuple[tuple[float, float], tuple[float, float]]:
    """Longitude and latitude of the leading and the following part, deg."""
    tilt, half = math.radians(bipole.tilt), 0.5 * bipole.separation
    west = half * math.cos(tilt) / math.cos(math.radians(bipole.lat))
    north = half * math.sin(tilt)
    return (bipole.lon + west, bipole.lat + north), (bipole.lon - west, bipole.lat - north)


def _gaussian(grid: CarringtonGrid, lon: float, lat: float, width: float) -> Floats:
    """A Gaussian on the sphere (Fisher's) of *width* deg whose sum is one, per cm²."""
    shape = np.exp((_cosine(grid, lon, lat) - 1.0) / math.radians(width) ** 2)
    return np.asarray(shape / (shape.sum() * grid.cell_area))


def _cosine(grid: CarringtonGrid, lon: float, lat: float) -> Floats:
    """Cosine of the distance of every cell from a place, (nlat, nlon)."""
    across = math.cos(math.radians(lat)) * np.sqrt(1.0 - grid.sin_lat**2)
    along = math.sin(math.radians(lat)) * grid.sin_lat
    return np.asarray(along[:, np.newaxis] + np.outer(across, np.cos(np.radians(grid.lon - lon))))
