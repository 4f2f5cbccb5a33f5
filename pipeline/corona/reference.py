"""pfsspy, a solver to choose instead of our own, and streamtracer: what ours are held against.

This module alone knows the two (Stansby, Yeates & Badman 2020, JOSS 5, 2732). They take one
map at a time and average the field onto corners of cells before they follow its lines; the field
of our own lines can be given to streamtracer, too, to tell the field's part from the tracer's.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.metadata import version

import numpy as np
import pfsspy
import sunpy.map
from numpy.typing import NDArray
from pfsspy.tracing import FortranTracer
from streamtracer import StreamTracer, VectorGrid
from threadpoolctl import threadpool_limits

from pipeline.core import CarringtonGrid
from pipeline.corona.field import Field, Shells
from pipeline.corona.potential import check_map, check_range

Floats = NDArray[np.float64]

# Steps of half a radial cell: at 1.5° (pfsspy's default on its usual grid) the tracer
# steps over low loops and finds 15.2 % of the surface open where 14.7 % converges.
STEP = 0.5
# Lines still under way after crossing the corona eight times circle at the base: closed.
CROSSINGS = 8
# The tracer keeps room for every step of all lines it is given: so many of one cell each.
LINES = 8192
GAP = 1e-4  # of a cell, between the two sides of a face
BARELY = 1e-6  # above the photosphere, in the logarithm of the radius
EPOCH = datetime(2000, 1, 1, tzinfo=UTC)  # sunpy asks for a date, which changes nothing


def describe() -> str:
    """Names and versions, for the record."""
    return f"pfsspy {version('pfsspy')}, streamtracer {version('streamtracer')}"


def solve(
    br: NDArray[np.floating], grid: CarringtonGrid, rss: float, nr: int
) -> tuple[Field, pfsspy.Output]:
    """Potential field above *br*, gauss, (nlat, nlon) on *grid*; and as pfsspy gives it.

    Raises
    ------
    BadRequest : *rss* or *nr* is out of range, or *br* is not finite everywhere.
    """
    check_range(rss, nr)
    check_map(br, grid)
    with threadpool_limits(1):  # threads only get in each other's way in its small matrices
        output = pfsspy.pfss(pfsspy.Input(_as_sunpy(br, grid), nr, rss))
    radial, southward, eastward = (
        np.ascontiguousarray(b.value.T, dtype=np.float32) for b in output.bc
    )
    east, north = eastward[..., :-1].copy(), -southward
    # Its layer at the source surface holds a field of the wrong sign where there is none.
    east[-1], north[-1] = 0.0, 0.0
    return Field(Shells(grid, nr, rss), radial, east, north), output


def open_field(output: pfsspy.Output, grid: CarringtonGrid, start: float) -> NDArray[np.int8]:
    """Polarity of the cells whose line, followed from *start* solar radii, reaches the top."""
    polarity = np.sign(output.bc[0][:, :, 0].value.T).astype(np.int8)
    ends = follow(output, grid, max(float(np.log(start)), BARELY), polarity)
    return np.where(ends[2] > 0.5 * np.log(output.grid.rss), polarity, 0).astype(np.int8)


def follow(
    output: pfsspy.Output,
    grid: CarringtonGrid,
    height: float,
    sense: NDArray[np.int8],
    size: float = STEP,
) -> Floats:
    """Where lines from the middle of every cell at the logarithm of radius *height* end.

    As pfsspy lets streamtracer follow them: no further than the surfaces, near which a line that
    comes in at a low angle may slide along until it finds a way out; see :func:`ends`.

    sense : (nlat, nlon), 1 along the field, -1 against it, 0 for cells without a line
    size : of the steps, in radial cells; pfsspy's default is 1

    Returns longitude (rad), sine latitude and logarithm of radius, (3, nlat, nlon), within a step
    of the end; NaN where there is no line.
    """
    vectors, shells = averages(output), Shells(grid, output.grid.nr, float(output.grid.rss))
    found = np.full((3, sense.size), np.nan)
    cells = np.flatnonzero(sense)
    for chosen, lines in _traced(vectors, shells, height, cells, sense.ravel()[cells], size):
        found[:, chosen] = np.array([line[-1] for line in lines]).T
    return found.reshape(3, *grid.shape)


def ends(
    vectors: VectorGrid, field: Field, upward: int, cells: NDArray[np.intp], size: float
) -> Floats:
    """Where lines from the middle of *cells* of one surface cross the photosphere or the top.

    Both have a margin here, in which lines go on, so that they end where they cross and not
    where streamtracer turns them away.

    vectors : :func:`averages` or :func:`staggered`
    upward : 1 for lines from the photosphere, -1 for those from the source surface
    size : of the steps, in radial cells, at most a half; the smaller, the nearer

    Returns longitude, latitude (deg) and radius (solar radii), (n, 3); NaN without field.
    """
    shells = field.shells
    top = float(np.log(shells.rss))
    start = 0 if upward > 0 else -1
    sense = upward * np.sign(field.br[start]).ravel()[cells]
    found = np.full((field.grid.nlat * field.grid.nlon, 3), np.nan)
    height = 0.0 if upward > 0 else top
    wide = _with_margins(vectors, shells.step)
    for chosen, lines in _traced(wide, shells, height, cells, sense, size):
        found[chosen] = [_crossing(line, top) for line in lines]
    lon, sine, log_r = found[cells].T
    lat = np.degrees(np.arcsin(np.clip(sine, -1.0, 1.0)))
    return np.stack([np.degrees(lon) % 360.0, lat, np.exp(log_r)], axis=1)


def averages(output: pfsspy.Output) -> VectorGrid:
    """The field that pfsspy gives to streamtracer, averaged onto the corners of cells.

    Less its tangential field at the source surface, which has the wrong sign.
    """
    vectors = FortranTracer.vector_grid(output)
    vectors.vectors[:, :, -1, :2] = 0.0
    return vectors


def staggered(field: Field) -> VectorGrid:
    """The field that our own lines follow, for streamtracer, which goes on straight between nodes.

    Fluxes that change linearly from face to face, as ``lines.py`` has them; between the two sides
    of a face lies :data:`GAP`.
    """
    shells, grid = field.shells, field.grid
    size = 2.0 * np.pi / grid.nlon, 2.0 / grid.nlat, shells.step
    upright = shells.upright_area[:, None, None]
    up = field.br * shells.radial_area[:, None, None]
    east = field.b_east * upright * shells.east_length[:, None]
    north = field.b_north * upright * shells.north_length[:, None]
    both = np.empty((2 * shells.nr, 2 * grid.nlat, 2 * grid.nlon, 3))
    for side in (0, 1):  # in front of a cell's faces and behind
        both[..., side::2, 0] = _twice(np.roll(east, -side, axis=2), 0, 1)
        both[:, side::2, :, 1] = _twice(north[:, side : grid.nlat + side], 0, 2)
        both[side::2, ..., 2] = _twice(up[side : shells.nr + side], 1, 2)
    vectors = both.transpose(2, 1, 0, 3) * size
    seam = 0.5 * (vectors[:1] + vectors[-1:])
    coords = [
        np.concatenate([[0.0], _sides(grid.nlon), [grid.nlon]]) * size[0],
        _sides(grid.nlat) * size[1] - 1.0,
        _sides(shells.nr) * size[2],
    ]
    coords[1][[0, -1]], coords[2][[0, -1]] = (-1.0, 1.0), (0.0, np.log(shells.rss))
    return VectorGrid(
        np.concatenate([seam, vectors, seam]), cyclic=[True, False, False], grid_coords=coords
    )


def _twice(values: Floats, *axes: int) -> Floats:
    """Every value two times over along *axes*."""
    for axis in axes:
        values = np.repeat(values, 2, axis=axis)
    return values


def _sides(count: int) -> Floats:
    """Just inside the two faces of *count* cells in a row."""
    return np.add.outer(np.arange(count), [GAP, 1.0 - GAP]).ravel()


def _with_margins(vectors: VectorGrid, depth: float) -> VectorGrid:
    """*vectors* going on for *depth* (ln radius) below and above; beyond, lines are given up."""
    height, inside = vectors.zcoords, vectors.vectors
    slope = (inside[:, :, 1] - inside[:, :, 0]) / (height[1] - height[0])
    below, above = inside[:, :, 0] - depth * slope, inside[:, :, -1]
    nothing = np.full_like(above, np.nan)
    layers = [nothing, below, *np.moveaxis(inside, 2, 0), above, nothing]
    outer = depth * np.array([2.0, 1.0])
    heights = np.concatenate([height[0] - outer, height, height[-1] + outer[::-1]])
    coords = [vectors.xcoords, vectors.ycoords, heights]
    return VectorGrid(np.stack(layers, axis=2), cyclic=list(vectors.cyclic), grid_coords=coords)


def _traced(
    vectors: VectorGrid,
    shells: Shells,
    height: float,
    cells: NDArray[np.intp],
    sense: NDArray[np.number],
    size: float,
) -> Iterator[tuple[NDArray[np.intp], list[Floats]]]:
    """Some of the *cells* after others, and the lines from their middles at *height*."""
    tracer = StreamTracer(int(CROSSINGS * shells.nr / size), size * shells.step)
    many = max(int(LINES * size), 100)
    lon, sine = np.meshgrid(np.radians(shells.grid.lon), shells.grid.sin_lat)
    for sign in (1, -1):
        some = cells[sense == sign]
        for chosen in np.split(some, range(many, some.size, many)):
            if chosen.size:
                places = lon.ravel()[chosen], sine.ravel()[chosen], np.full(chosen.size, height)
                tracer.trace(np.stack(places, axis=-1), vectors, direction=sign)
                yield chosen, tracer.xs


def _crossing(line: Floats, top: float) -> Floats:
    """Where *line* first crosses the photosphere or the *top*; its last place if it never does."""
    outside = (line[:, 2] < 0.0) | (line[:, 2] > top)
    outside[0] = False
    if not outside.any():
        return np.asarray(line[-1])
    after = int(outside.argmax())
    step = line[after] - line[after - 1]
    step[0] = (step[0] + np.pi) % (2.0 * np.pi) - np.pi
    goal = 0.0 if line[after, 2] < 0.0 else top
    return np.asarray(line[after - 1] + (goal - line[after - 1, 2]) / step[2] * step)


def _as_sunpy(br: NDArray[np.floating], grid: CarringtonGrid) -> sunpy.map.Map:
    header = {
        "CTYPE1": "CRLN-CEA", "CTYPE2": "CRLT-CEA", "CUNIT1": "deg", "CUNIT2": "deg",
        "CRPIX1": (grid.nlon + 1) / 2, "CRPIX2": (grid.nlat + 1) / 2,
        "CRVAL1": 180.0, "CRVAL2": 0.0,
        "CDELT1": 360.0 / grid.nlon, "CDELT2": np.degrees(2.0 / grid.nlat),
        "PV2_1": 1.0,
        "DATE-OBS": f"{EPOCH:%Y-%m-%dT%H:%M:%S}",
    }  # fmt: skip
    return sunpy.map.Map(np.asarray(br, np.float64), header)
