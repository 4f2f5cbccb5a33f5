"""All that a forecaster derives from one coronal field, and from many.

Knows: the order in which products follow from each other. Refuses to know: how any of them
is computed, and files.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from pipeline.core import Corona, Observer
from pipeline.corona import wind
from pipeline.corona.connectivity import Connection, connect
from pipeline.corona.expansion import from_strength
from pipeline.corona.extrapolate import corona_of
from pipeline.corona.field import Field
from pipeline.corona.holes import CoronalHole, boundary_distance, coronal_holes
from pipeline.corona.mapping import map_photosphere, map_source_surface
from pipeline.corona.moments import Moments, moments
from pipeline.corona.source_surface import tilt
from pipeline.corona.wind import WindLaw

Maps = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Recipe:
    """What is chosen before products are derived.

    law : the relation of expansion and speed
    start_radius : where field lines begin, solar radii: 1, or WSA's 1.01
    expansion : of the ``radial`` field, as WSA, or of the ``total`` one, as pfsspy
    smallest_hole : coronal holes below this part of the solar surface are not listed
    """

    law: WindLaw = wind.LAWS["schonfeld2022"]
    start_radius: float = 1.0
    expansion: Literal["radial", "total"] = "radial"
    smallest_hole: float = 1e-4


@dataclass(frozen=True, slots=True, eq=False)
class Products:
    """What follows from one coronal field; maps are float32 (nlat, nlon) on its grid.

    expansion_factor : of the line from every cell of the source surface
    foot_lon, foot_lat : deg, where that line comes down
    coronal_hole_distance : deg, of that place from the nearest coronal-hole boundary
    wind_speed : km/s, on the source surface; at 21.5 solar radii; at 1 AU
    tilt : of the neutral line, deg
    photosphere, source_surface : multipole moments of the radial field
    holes : coronal holes, the largest first
    connections : by observer
    """

    corona: Corona
    recipe: Recipe
    expansion_factor: Maps
    foot_lon: Maps
    foot_lat: Maps
    coronal_hole_distance: Maps
    wind_speed: Maps
    wind_speed_outer: Maps
    wind_speed_1au: Maps
    tilt: float
    photosphere: Moments
    source_surface: Moments
    holes: tuple[CoronalHole, ...]
    connections: Mapping[str, Connection]


@dataclass(frozen=True, slots=True, eq=False)
class Ensemble:
    """What members agree and differ on; maps are float32 (nlat, nlon).

    open_probability : part of the members in which a photospheric cell is open
    positive_probability : part in which the field on the source surface points outward
    wind_speed, wind_speed_spread : mean and standard deviation on the source surface, km/s
    open_flux : Mx, of every member
    tilt : deg, of every member
    connections : by observer, of every member
    """

    members: int
    open_probability: Maps
    positive_probability: Maps
    wind_speed: Maps
    wind_speed_spread: Maps
    open_flux: tuple[float, ...]
    tilt: tuple[float, ...]
    connections: Mapping[str, tuple[Connection, ...]] = field(default_factory=dict)


USUAL = Recipe()


def derive(
    magnetic: Field,
    time: datetime,
    solver: str,
    recipe: Recipe = USUAL,
    observers: Mapping[str, Observer] | None = None,
) -> Products:
    """All products of one coronal field at *time*, computed by *solver* (for the record)."""
    grid, rss = magnetic.grid, magnetic.shells.rss
    open_field = map_photosphere(magnetic, recipe.start_radius).polarity
    down = map_source_surface(magnetic, recipe.start_radius)
    expansion = down.expansion
    if recipe.expansion == "total":
        expansion = from_strength(magnetic, down, recipe.start_radius)
    distance = boundary_distance(open_field, grid, down.lon, down.lat)
    speed = recipe.law.speed(expansion, distance)
    filled = np.where(np.isfinite(speed), speed, recipe.law.slow)
    corona = corona_of(magnetic, open_field, time, solver)
    return Products(
        corona=corona,
        recipe=recipe,
        expansion_factor=expansion,
        foot_lon=down.lon,
        foot_lat=down.lat,
        coronal_hole_distance=distance.astype(np.float32),
        wind_speed=speed.astype(np.float32),
        wind_speed_outer=_carried(filled, rss, wind.OUTER_BOUNDARY),
        wind_speed_1au=_carried(filled, rss, wind.AU),
        tilt=tilt(corona.neutral_line),
        photosphere=moments(magnetic.br[0], grid),
        source_surface=moments(magnetic.br_source_surface, grid),
        holes=coronal_holes(open_field, magnetic.br[0], grid, recipe.smallest_hole),
        connections={
            name: connect(magnetic, filled, observer)
            for name, observer in (observers or {}).items()
        },
    )


def gather(members: Iterable[Products]) -> Ensemble:
    """Summary of an ensemble whose members, on one grid, are seen one at a time.

    Members may differ in map, source-surface radius and radial cells.

    Raises
    ------
    ValueError : there are no members.
    """
    count, flux, tilts = 0, [], []
    connections: dict[str, list[Connection]] = {}
    opened = positive = mean = squares = np.zeros(())
    for member in members:
        count += 1
        opened = opened + (member.corona.open_field != 0)
        positive = positive + (member.corona.br_source_surface > 0)
        off = member.wind_speed - mean
        mean = mean + off / count
        squares = squares + off * (member.wind_speed - mean)
        flux.append(member.corona.open_flux)
        tilts.append(member.tilt)
        for name, connection in member.connections.items():
            connections.setdefault(name, []).append(connection)
    if not count:
        raise ValueError("An ensemble has at least one member.")
    return Ensemble(
        members=count,
        open_probability=(opened / count).astype(np.float32),
        positive_probability=(positive / count).astype(np.float32),
        wind_speed=mean.astype(np.float32),
        wind_speed_spread=np.sqrt(squares / max(count - 1, 1)).astype(np.float32),
        open_flux=tuple(flux),
        tilt=tuple(tilts),
        connections={name: tuple(each) for name, each in connections.items()},
    )


def _carried(speed: NDArray[np.float64], start: float, end: float) -> Maps:
    return wind.carry_outward(speed, start, end).astype(np.float32)
