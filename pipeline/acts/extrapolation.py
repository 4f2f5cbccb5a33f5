"""The corona of a map as the settings want it: recipe, ensemble, observers, kept operators.

Knows: which setting is which choice of the corona's room. Refuses to know: how a field is
computed, and what becomes of the result.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from pipeline import corona
from pipeline.acts import coronal_holes
from pipeline.core import CarringtonGrid, Corona, GlobalMap, Observer
from pipeline.core.corona import ObservedHoles
from pipeline.core.ephemeris import PLANETS, earth, earths, moved, planet, stereo_a, stonyhurst
from pipeline.settings import CoronaSettings, Settings

SECTOR_DAYS = timedelta(days=7)
SECTOR_STEP = timedelta(hours=6)
# Whose view an image is, by the instrument that took it.
SPACECRAFT = {"euvi-a": "stereo-a", "euvi-b": "stereo-b"}


def extrapolate(
    map_: GlobalMap,
    grid: CarringtonGrid,
    settings: Settings,
    observed: ObservedHoles | None = None,
) -> Corona:
    """The corona above *map_* on *grid*, with everything that is derived from it.

    Prepared operators are kept below the data directory, where there is one.

    observed : coronal holes of a picture, to hold the open field against

    Raises
    ------
    BadRequest : a setting is out of range for this map.
    ValueError : *grid* is not made of whole blocks of the map's cells.
    """
    cache = settings.data / "cache" / "corona"
    members = () if map_.members is None else map_.members
    br = map_.grid.block_mean(map_.br, grid)
    found = corona.extrapolate(
        br,
        grid,
        map_.time,
        recipe(settings.corona),
        members=[map_.grid.block_mean(member, grid) for member in members],
        observers=observers(map_, settings.corona.observers),
        path=course(map_.time),
        cache=cache if settings.data.is_dir() else None,
    )
    return coronal_holes.beside(found, br, observed) if observed else found


def recipe(chosen: CoronaSettings) -> corona.Recipe:
    """What the settings choose."""
    return corona.Recipe(
        source_surface_radius=chosen.source_surface_radius,
        radial_cells=chosen.radial_cells,
        spread=chosen.source_surface_spread,
        solver=chosen.solver,
        start_radius=chosen.start_radius,
        law=chosen.wind_law,
        expansion=chosen.expansion,
        current_sheet=chosen.current_sheet,
    )


def observers(map_: GlobalMap, names: tuple[str, ...]) -> dict[str, Observer]:
    """Where the observers called *names* are at the map's time, and those its inputs tell of.

    A spacecraft whose image is among the inputs is where that image's header says, moved on to
    the map's time.
    """
    found = {name.partition("=")[0]: _place(name, map_.time) for name in names}
    for observation in map_.inputs:
        if observation.instrument in SPACECRAFT:
            since = map_.time - observation.time
            found[SPACECRAFT[observation.instrument]] = moved(observation.observer, since)
    return found


def course(begin: datetime) -> tuple[tuple[datetime, Observer], ...]:
    """Where the Earth will be in the days of the sector forecast."""
    times = [begin + n * SECTOR_STEP for n in range(SECTOR_DAYS // SECTOR_STEP + 1)]
    return tuple(zip(times, earths(times), strict=True))


def _place(name: str, time: datetime) -> Observer:
    """The place that one entry of the setting means; settings have checked its form."""
    if "=" in name:
        lon, lat, distance = map(float, name.partition("=")[2].split(","))
        return stonyhurst(time, lon, lat, distance)
    if name in PLANETS:
        return planet(name, time)
    return earth(time) if name == "earth" else stereo_a(time)
