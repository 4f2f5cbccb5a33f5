"""What becomes of far-side regions: does one rotate on where and when a sighting said?

A sighting is judged in the frame of one to two weeks later in which its place, carried by
differential rotation, lies nearest to 45° east of the central meridian: a hit if an active
region lies within 10° of it. Beside it stands chance: how often a place of the same latitude
in the same frame has one. A region of the frames is missed if it passed 45° east, its
place lay in the part of the far side that can be heard, and no sighting was near.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Self

import numpy as np
from numpy.typing import NDArray

from pipeline.core import (
    CarringtonGrid,
    GlobalMap,
    SeismicRegion,
    SeismicRegions,
    earth,
    great_circle,
)
from pipeline.surface import Layer, add_seismic, analyse, blank, forecast
from pipeline.surface.regions import centres_of
from pipeline.surface.seismic import REACH, USEFUL, carried_region

Floats = NDArray[np.float64]

DAY = timedelta(days=1)
SOONEST, LATEST = 7 * DAY, 14 * DAY
JUDGED_AT, SHOWN = -45.0, 60.0  # deg west of the central meridian; as far from it either way
LONGITUDES = 61  # places that stand for chance
STRONG = 5e21  # Mx; a region that sounding may be expected to find
RECENT = timedelta(days=3)  # older sightings are not added
PASSING = 6.6  # deg; half a day's rotation: a daily frame shows every region once


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one sighting.

    seen : UTC of the map or list; judged : of the frame
    distance : deg from where it should be to the nearest active region of the frame
    chance : share of the visible places of that latitude with one within reach
    """

    region: SeismicRegion
    seen: datetime
    judged: datetime
    distance: float
    chance: float

    @property
    def hit(self) -> bool:
        return self.distance < REACH


@dataclass(frozen=True, slots=True)
class Missed:
    """An active region that rotated on; *heard* if a sighting was near its place.

    lon, lat : Carrington, deg, of its place when the sighting was made
    """

    seen: datetime
    lon: float
    lat: float
    heard: bool


def verdicts(
    sightings: Iterable[SeismicRegions], frames: Sequence[Layer], grid: CarringtonGrid
) -> tuple[Verdict, ...]:
    """What became of every region of *sightings*; those that no frame shows are left out."""
    found = []
    for sighting in sightings:
        later = _later(frames, sighting.observation.time)
        for region in sighting.regions:
            choices = [(frame, _place(region, sighting, frame)) for frame in later]
            shown = [(abs(west - JUDGED_AT), frame, lon) for frame, (lon, west) in choices
                     if abs(west) < SHOWN]  # fmt: skip
            if shown:
                _, frame, lon = min(shown, key=lambda choice: choice[0])
                found.append(_judged(region, sighting.observation.time, frame, lon, grid))
    return tuple(found)


def returned(
    sightings: Iterable[SeismicRegions], frames: Sequence[Layer], grid: CarringtonGrid
) -> tuple[Missed, ...]:
    """The active regions that rotated on after each sighting, and whether it heard of them."""
    return tuple(
        Missed(sighting.observation.time, lon, lat, _near(sighting.regions, lon, lat))
        for sighting in sightings
        for frame in _later(frames, sighting.observation.time)
        for lon, lat in _passing(frame, sighting, grid)
    )


def _later(frames: Sequence[Layer], time: datetime) -> list[Layer]:
    return [f for f in frames if SOONEST <= f.observation.time - time <= LATEST]


def _place(region: SeismicRegion, sighting: SeismicRegions, frame: Layer) -> tuple[float, float]:
    """Where *region* lies at the time of *frame*: Carrington longitude and deg west."""
    time = frame.observation.time
    lon = carried_region(region, sighting.observation.time, time).lon
    return lon, _west(lon, time)


def _judged(
    region: SeismicRegion, seen: datetime, frame: Layer, lon: float, grid: CarringtonGrid
) -> Verdict:
    time = frame.observation.time
    lons, lats = _centres(frame, grid)
    meridian = earth(time).carrington_longitude
    places = meridian + np.linspace(-SHOWN, SHOWN, LONGITUDES)
    near = [(great_circle(lons, lats, place, region.lat) < REACH).any() for place in places]
    distance = great_circle(lons, lats, lon, region.lat).min() if lons.size else np.inf
    return Verdict(region, seen, time, float(distance), float(np.mean(near)))


def _passing(
    frame: Layer, sighting: SeismicRegions, grid: CarringtonGrid
) -> Iterable[tuple[float, float]]:
    """Places at the time of the sighting of the strong regions that *frame* shows at 45° east."""
    time, then = frame.observation.time, sighting.observation.time
    behind = earth(then)
    for lon, lat in zip(*_centres(frame, grid), strict=True):
        place = carried_region(SeismicRegion(float(lon), float(lat)), time, then)
        antipode = behind.carrington_longitude + 180.0, -behind.latitude
        away = float(great_circle(place.lon, place.lat, *antipode))
        passes = abs(_west(float(lon), time) - JUDGED_AT) <= PASSING
        if passes and away < USEFUL and _flux(frame, grid, float(lon), float(lat)) > STRONG:
            yield place.lon, place.lat


def _near(regions: Iterable[SeismicRegion], lon: float, lat: float) -> bool:
    return any(great_circle(r.lon, r.lat, lon, lat) < REACH for r in regions)


def _centres(frame: Layer, grid: CarringtonGrid) -> tuple[Floats, Floats]:
    """Longitude and latitude of the active regions of *frame*, deg."""
    x, y, z = centres_of(np.nan_to_num(frame.br), grid).T
    return np.degrees(np.arctan2(y, x)) % 360.0, np.degrees(np.arcsin(z.clip(-1.0, 1.0)))


def _flux(frame: Layer, grid: CarringtonGrid, lon: float, lat: float) -> float:
    """Unsigned flux within 10° of a place, Mx."""
    near = great_circle(*grid.mesh(), lon, lat) < REACH
    return float(np.abs(np.nan_to_num(frame.br))[near].sum() * grid.cell_area)


def _west(lon: float, time: datetime) -> float:
    return (lon - earth(time).carrington_longitude + 180.0) % 360.0 - 180.0


@dataclass(frozen=True, slots=True, eq=False)
class WithSightings:
    """Our map with the regions of *sightings* added as a cycle does, for the score of returns.

    sightings : in order of time; state : None before the first frame
    """

    sightings: tuple[SeismicRegions, ...]
    state: GlobalMap | None = None

    @property
    def br(self) -> Floats:
        if self.state is None:
            raise ValueError("it has seen no frame yet")
        return self.state.br.astype(np.float64)

    def at(self, time: datetime, grid: CarringtonGrid) -> Self:
        state = self.state or blank(time, grid)
        recent = [s for s in self.sightings if s.observation.time > time - RECENT]
        return replace(self, state=add_seismic(forecast(state, time), recent))

    def blended(self, layer: Layer, grid: CarringtonGrid) -> Self:
        state = self.state or blank(layer.observation.time, grid)
        with_frame = replace(self, state=analyse(state, layer))
        return with_frame.at(layer.observation.time, grid)
