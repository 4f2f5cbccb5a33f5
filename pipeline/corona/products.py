"""What a forecaster derives from one coronal field.

Knows: the order in which products follow from each other. Refuses to know: how any of them
is computed, other members, and files.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from pipeline.core import CarringtonGrid, Observer
from pipeline.core.corona import Connection, Maps, Wind
from pipeline.corona import wind
from pipeline.corona.connectivity import connect, departure, sign_at
from pipeline.corona.current_sheet import Outflow
from pipeline.corona.expansion import from_strength
from pipeline.corona.field import Field
from pipeline.corona.holes import boundary_distance
from pipeline.corona.mapping import Mapping as LineMapping
from pipeline.corona.mapping import map_photosphere, map_source_surface
from pipeline.corona.source_surface import neutral_line, open_flux, tilt

Solver = Literal["eigenmodes", "pfsspy"]
Expansion = Literal["radial", "total"]
Path = Sequence[tuple[datetime, Observer]]


@dataclass(frozen=True, slots=True)
class Recipe:
    """What is chosen before a corona is computed.

    source_surface_radius : solar radii
    radial_cells : between the two surfaces, uniform in the logarithm of the radius
    spread : source-surface radii over which an ensemble is taken
    solver : of the field: ``eigenmodes`` is our own, ``pfsspy`` the reference
    start_radius : where field lines begin, solar radii: 1, or WSA's 1.01
    law : name of the relation of expansion and wind speed, see ``wind.LAWS``
    expansion : of the ``radial`` field, as WSA, or of the ``total`` one, as pfsspy
    current_sheet : where Schatten's current sheet above the source surface ends, solar radii
    """

    source_surface_radius: float = 2.5
    radial_cells: int = 50
    spread: tuple[float, ...] = (2.5,)
    solver: Solver = "eigenmodes"
    start_radius: float = 1.0
    law: str = "schonfeld2022"
    expansion: Expansion = "radial"
    current_sheet: float | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Derived:
    """What every member of an ensemble contributes; maps are (nlat, nlon).

    down : lines from the source surface; expansion : their factors, by the recipe
    distance : deg, of their feet from the nearest coronal-hole boundary
    speed : km/s on the source surface, the slowest of the law where there is no field
    top : what the wind leaves
    connections : by observer
    sectors : polarity and speed along the path of the Earth
    """

    rss: float
    open_field: NDArray[np.int8]
    br_source_surface: Maps
    neutral_line: tuple[NDArray[np.float64], ...]
    tilt: float
    open_flux: float
    down: LineMapping
    expansion: Maps
    distance: NDArray[np.float64]
    speed: NDArray[np.float64]
    top: Outflow
    connections: Mapping[str, Connection]
    sectors: tuple[tuple[int, float], ...]


def derive(
    field: Field,
    top: Outflow,
    recipe: Recipe,
    observers: Mapping[str, Observer] | None = None,
    path: Path = (),
) -> Derived:
    """Everything that one field tells of its lines, its wind and its *observers*.

    top : what the wind leaves
    path : where the Earth will be

    Raises
    ------
    BadRequest : the recipe's law is unknown, or its lines begin outside the corona.
    """
    grid, rss, law = field.grid, field.shells.rss, wind.law(recipe.law)
    open_field = map_photosphere(field, recipe.start_radius).polarity
    down = map_source_surface(field, recipe.start_radius)
    expansion = down.expansion
    if recipe.expansion == "total":
        expansion = from_strength(field, down, recipe.start_radius)
    distance = boundary_distance(open_field, grid, down.lon, down.lat)
    speed = law.speed(expansion, distance)
    speed = np.where(np.isfinite(speed), speed, law.slow)
    outflow = top.raised(speed, grid)
    curves = neutral_line(field.br_source_surface, grid)
    sectors = []
    for _, earth in path:
        lon, met = departure(outflow, grid, top.radius, earth)
        sectors.append((sign_at(top.br, grid, lon, earth.latitude), met))
    return Derived(
        rss=rss,
        open_field=open_field,
        br_source_surface=field.br_source_surface,
        neutral_line=curves,
        tilt=tilt(curves),
        open_flux=open_flux(field.br_source_surface, rss),
        down=down,
        expansion=expansion,
        distance=distance,
        speed=speed,
        top=top,
        connections={n: connect(field, top, outflow, o) for n, o in (observers or {}).items()},
        sectors=tuple(sectors),
    )


def wind_of(one: Derived, grid: CarringtonGrid, recipe: Recipe) -> Wind:
    """The wind of one field, carried out to 21.5 solar radii and 1 AU."""
    law, top = wind.law(recipe.law), one.top
    near = wind.carry_outward(top.raised(one.speed, grid), top.radius, wind.OUTER_BOUNDARY)
    return Wind(
        expansion_factor=one.expansion,
        foot_lon=one.down.lon,
        foot_lat=one.down.lat,
        coronal_hole_distance=one.distance.astype(np.float32),
        speed=one.speed.astype(np.float32),
        speed_21_5=near.astype(np.float32),
        speed_1au=wind.carry_outward(near, wind.OUTER_BOUNDARY, wind.AU).astype(np.float32),
        expansion=recipe.expansion,
        law=recipe.law,
        formula=law.in_words(),
        outflow_radius=top.radius,
        br_outflow=top.br,
    )
