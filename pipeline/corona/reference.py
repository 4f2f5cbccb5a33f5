"""pfsspy, a solver to choose instead of our own, and streamtracer: what ours are held against.

This module alone knows the two (Stansby, Yeates & Badman 2020, JOSS 5, 2732). They take one
map at a time and average the field onto corners of cells before they follow its lines.
"""

from __future__ import annotations

from datetime import UTC, datetime
from importlib.metadata import version

import numpy as np
import pfsspy
import sunpy.map
from numpy.typing import NDArray
from pfsspy.tracing import FortranTracer
from streamtracer import StreamTracer
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
# The tracer keeps room for every step of all lines it is given.
LINES = 4096
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
    """Ends of the lines from the middle of every cell at the logarithm of radius *height*.

    sense : (nlat, nlon), 1 along the field, -1 against it, 0 for cells without a line
    size : of the steps, in radial cells; pfsspy's default is 1

    Returns longitude (rad), sine latitude and logarithm of radius, (3, nlat, nlon), within a step
    of the end; NaN where there is no line.
    """
    step = size * np.log(output.grid.rss) / output.grid.nr
    tracer = StreamTracer(int(CROSSINGS * output.grid.nr / size), step)
    vectors = FortranTracer.vector_grid(output)
    vectors.vectors[:, :, -1, :2] = 0.0
    lon, sin_lat = np.meshgrid(np.radians(grid.lon), grid.sin_lat)
    seeds = np.stack([lon.ravel(), sin_lat.ravel(), np.full(lon.size, height)], axis=-1)
    ends = np.full((3, lon.size), np.nan)
    for sign in (1, -1):
        cells = np.flatnonzero(sense.ravel() == sign)
        for chosen in np.split(cells, range(LINES, cells.size, LINES)):
            if chosen.size:
                tracer.trace(seeds[chosen], vectors, direction=sign)
                ends[:, chosen] = np.array([line[-1] for line in tracer.xs]).T
    return ends.reshape(3, *grid.shape)


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
