"""Where field lines lead: from every cell of the photosphere and of the source surface.

Knows: what the two ends of a field line say about it. Refuses to know: how lines are
followed (``lines.py``) and what winds flow along them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.core import BadRequest
from pipeline.corona import lines
from pipeline.corona.field import Field, Shells

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Mapping:
    """The line through the middle of every cell of one surface, and where it ends.

    radius : of the surface, solar radii
    polarity : int8 (nlat, nlon), sign of the radial field on open lines, 0 on closed ones
    lon, lat : float32, deg, of the other end: on the source surface or the photosphere for an
        open line, on the photosphere for a closed one; NaN where there is no field
    expansion : float32, r² B_r at the photosphere over r² B_r at the source surface
        (Wang & Sheeley 1990, ApJ 355, 726); NaN on closed lines
    length : float32, solar radii, between the two ends
    """

    radius: float
    polarity: NDArray[np.int8]
    lon: NDArray[np.float32]
    lat: NDArray[np.float32]
    expansion: NDArray[np.float32]
    length: NDArray[np.float32]


def map_photosphere(field: Field, start_radius: float = 1.0) -> Mapping:
    """Lines away from the Sun, from the middle of every cell at *start_radius* (solar radii).

    Lines end where they come down to *start_radius* again; 1 is the photosphere, 1.01 the
    practice of WSA, which keeps out the smallest loops.

    Raises
    ------
    BadRequest : *start_radius* does not lie between the photosphere and the source surface.
    """
    floor = _base(field.shells, start_radius)
    return _map(field, floor, floor, 1)


def map_source_surface(field: Field, start_radius: float = 1.0) -> Mapping:
    """Lines towards the Sun, from the middle of every cell of the source surface.

    They end at *start_radius*, see :func:`map_photosphere`. All of them are open.

    Raises
    ------
    BadRequest : *start_radius* does not lie between the photosphere and the source surface.
    """
    return _map(field, _base(field.shells, start_radius), (field.shells.nr - 1, 1.0), -1)


def open_fraction(field: Field, start_radius: float = 1.0, side: int = 2) -> NDArray[np.float32]:
    """Part of every cell at *start_radius* that is open, (nlat, nlon), from side² lines each.

    Lines carry their flux, so this weighted with B_r gives the open flux of the source surface;
    one line to a cell leaves a few per cent of scatter where strong field lies at a boundary.

    Raises
    ------
    BadRequest : *start_radius* does not lie between the photosphere and the source surface.
    """
    part = np.zeros(field.grid.shape, np.float32)
    floor = _base(field.shells, start_radius)
    lines.count_open(_arrays(field), _metric(field.shells), floor, side, part)
    return part


def field_line(field: Field, lon: float, lat: float, radius: float) -> Floats:
    """The whole field line through a place (deg, deg, solar radii), along the field.

    Returns longitude, latitude (deg) and radius at every face that it crosses, (n, 3), of
    which the first and last are its ends.

    Raises
    ------
    BadRequest : the place does not lie between the photosphere and the source surface.
    """
    shells = field.shells
    if not 1.0 <= radius <= shells.rss:
        raise BadRequest(f"No field line passes {radius} solar radii; give 1 to {shells.rss:g}.")
    k, z = _height(shells, radius)
    row = min((np.sin(np.radians(lat)) + 1.0) * 0.5 * shells.grid.nlat, shells.grid.nlat - 1e-9)
    column = lon % 360.0 / 360.0 * shells.grid.nlon
    place = k, int(row), int(column) % shells.grid.nlon, z, row % 1.0, column % 1.0
    path = np.empty((lines.MOST_STEPS, 3))
    halves = []
    for sign in (-1.0, 1.0):
        _, steps, _, _ = lines.follow(_arrays(field), _metric(shells), (0, 0.0), place, sign, path)
        halves.append(path[:steps].copy())
    start = np.array([[k + z, row, column]])
    height, row, column = np.concatenate([halves[0][::-1], start, halves[1]]).T
    sine = np.clip(row * 2.0 / shells.grid.nlat - 1.0, -1.0, 1.0)
    return np.stack(
        [
            column * 360.0 / shells.grid.nlon % 360.0,
            np.degrees(np.arcsin(sine)),
            np.exp(height * shells.step),
        ],
        axis=1,
    )


def _map(field: Field, floor: tuple[int, float], start: tuple[int, float], upward: int) -> Mapping:
    shells, shape = field.shells, field.grid.shape
    end = np.full(shape, lines.LOST, np.int8)
    position, density = np.full((2, *shape), np.nan), np.full((2, *shape), np.nan)
    length = np.full(shape, np.nan)
    lines.map_cells(
        _arrays(field), _metric(shells), floor, start, float(upward), end, position, length, density
    )
    through = end == (lines.TOP if upward > 0 else lines.SURFACE)
    here, there = np.abs(density)
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = here / there if upward > 0 else there / here
    lost = end == lines.LOST
    sine = np.clip(position[0] * 2.0 / shells.grid.nlat - 1.0, -1.0, 1.0)
    lat, lon = np.degrees(np.arcsin(sine)), position[1] * 360.0 / shells.grid.nlon % 360.0
    return Mapping(
        radius=float(np.exp((start[0] + start[1]) * shells.step)),
        polarity=np.where(through, np.sign(density[0]), 0).astype(np.int8),
        lon=np.where(lost, np.nan, lon).astype(np.float32),
        lat=np.where(lost, np.nan, lat).astype(np.float32),
        expansion=np.where(through, ratio, np.nan).astype(np.float32),
        length=np.where(lost, np.nan, length).astype(np.float32),
    )


def _base(shells: Shells, radius: float) -> tuple[int, float]:
    """Where lines begin and end near the Sun."""
    if not 1.0 <= radius < shells.rss:
        raise BadRequest(
            f"Field lines cannot begin at {radius} solar radii; "
            f"give at least 1 and less than the source surface at {shells.rss:g}."
        )
    return _height(shells, radius)


def _height(shells: Shells, radius: float) -> tuple[int, float]:
    """Cell and position in it of a radius, solar radii."""
    height = float(np.log(radius)) / shells.step
    k = min(int(height), shells.nr - 1)
    return k, min(height - k, 1.0)


def _arrays(field: Field) -> tuple[Any, ...]:
    return field.br, field.b_east, field.b_north


def _metric(shells: Shells) -> tuple[Any, ...]:
    grid = shells.grid
    size = np.array([2.0 / grid.nlat, 2.0 * np.pi / grid.nlon])
    return (
        shells.radial_area, shells.upright_area, shells.east_length, shells.north_length,
        np.exp(shells.log_r), size,
    )  # fmt: skip
