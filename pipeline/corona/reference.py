"""pfsspy and streamtracer: the reference, and a solver to choose instead of our own.

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

from pipeline.core import BadRequest, CarringtonGrid
from pipeline.corona.field import Field, Shells
from pipeline.corona.potential import check_map, check_range

# Steps of half a radial cell: at 1.5° (pfsspy's default on its usual grid) the tracer
# steps over low loops and finds 15.2 % of the surface open where 14.7 % converges.
STEP = 0.5
# Lines still under way after crossing the corona eight times circle at the base: closed.
CROSSINGS = 8
# The tracer keeps room for every step of all lines it is given.
LINES = 4096
# pfsspy 1.2 returns NaN everywhere from 193 radial cells on.
MAX_RADIAL_CELLS = 192
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
    check_range(grid, rss, nr)
    if nr > MAX_RADIAL_CELLS:
        raise BadRequest(
            f"pfsspy knows no answer for {nr} radial cells; "
            f"give at most {MAX_RADIAL_CELLS} or take the solver 'eigenmodes'."
        )
    check_map(br, grid)
    with threadpool_limits(1):  # threads only get in each other's way in its small matrices
        output = pfsspy.pfss(pfsspy.Input(_as_sunpy(br, grid), nr, rss))
    radial, southward, eastward = (
        np.ascontiguousarray(b.value.T, dtype=np.float32) for b in output.bc
    )
    return Field(Shells(grid, nr, rss), radial, eastward[..., :-1].copy(), -southward), output


def open_field(output: pfsspy.Output, grid: CarringtonGrid, start: float) -> NDArray[np.int8]:
    """Polarity of the cells whose line, followed from *start* solar radii, reaches the top."""
    top = np.log(output.grid.rss)
    step = STEP * top / output.grid.nr
    tracer = StreamTracer(int(CROSSINGS * output.grid.nr / STEP), step)
    vectors = FortranTracer.vector_grid(output)
    lon, sin_lat = np.meshgrid(np.radians(grid.lon), grid.sin_lat)
    height = np.full(lon.size, max(np.log(start), 1e-6))
    seeds = np.stack([lon.ravel(), sin_lat.ravel(), height], axis=-1)
    polarity = np.sign(output.bc[0][:, :, 0].value.T).ravel()
    result = np.zeros(polarity.size, np.int8)
    for sign in (1, -1):
        outward = np.flatnonzero(polarity == sign)
        for chosen in np.split(outward, range(LINES, outward.size, LINES)):
            if chosen.size:
                tracer.trace(seeds[chosen], vectors, direction=sign)
                reached = np.array([line[-1, 2] > top - 2 * step for line in tracer.xs])
                result[chosen[reached]] = sign
    return result.reshape(grid.shape)


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
