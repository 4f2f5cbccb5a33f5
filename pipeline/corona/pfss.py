"""The potential field between the photosphere and a source surface, by pfsspy.

This module alone knows pfsspy; another solver with the same answers can take its
place. pfsspy silently drops the monopole, so nothing here depends on the net flux
of the map, which is measured and reported where the map is made.
"""

from __future__ import annotations

from datetime import UTC, datetime
from importlib.metadata import version

import numpy as np
import pfsspy
import sunpy.map
from contourpy import contour_generator
from numpy.typing import NDArray
from pfsspy.tracing import FortranTracer
from streamtracer import StreamTracer
from threadpoolctl import threadpool_limits

from pipeline.core import BadRequest, CarringtonGrid, Corona
from pipeline.core.grid import R_SUN_CM

Floats = NDArray[np.float64]

# Steps of half a radial cell: at 1.5° (pfsspy's default on its usual grid) the tracer
# steps over low loops and finds 15.2 % of the surface open where 14.7 % converges.
STEP = 0.5
# Lines still under way after crossing the corona eight times circle at the base: closed.
CROSSINGS = 8
# The tracer keeps room for every step of all lines it is given.
LINES = 4096
# pfsspy 1.2 returns NaN everywhere from 193 radial cells on.
MAX_RADIAL_CELLS = 192
MAX_RADIUS = 10.0  # solar radii; the wind has long opened the field there


def extrapolate(
    br: NDArray[np.floating], grid: CarringtonGrid, time: datetime, rss: float, nr: int
) -> Corona:
    """Potential-field source-surface corona above the radial field *br*.

    br : gauss, (nlat, nlon) on *grid*; rss : source-surface radius in solar radii;
    nr : radial cells between the two surfaces (uniform in the logarithm of the radius).

    Raises
    ------
    BadRequest : *rss* or *nr* is out of range, or *br* is not finite everywhere.
    """
    if not 1.0 < rss <= MAX_RADIUS:
        raise BadRequest(
            f"The source surface cannot lie at {rss} solar radii; "
            f"give more than 1 and at most {MAX_RADIUS:g}."
        )
    if not 2 <= nr <= MAX_RADIAL_CELLS:
        raise BadRequest(f"{nr} radial cells are out of range; give 2 to {MAX_RADIAL_CELLS}.")
    if not np.isfinite(br).all():
        raise BadRequest("The map has pixels without a value; fill them before extrapolating.")
    with threadpool_limits(1):  # threads only get in each other's way in its small matrices
        field = pfsspy.pfss(pfsspy.Input(_as_sunpy(br, grid, time), nr, rss))
    source_surface = field.bc[0][:, :, -1].value.T
    return Corona(
        time=time,
        grid=grid,
        open_field=_open_field(field, grid),
        br_source_surface=source_surface.astype(np.float32),
        source_surface_radius=rss,
        radial_cells=nr,
        neutral_line=_neutral_line(source_surface, grid),
        open_flux=float(np.abs(source_surface).mean() * 4 * np.pi * (rss * R_SUN_CM) ** 2),
        solver=f"pfsspy {version('pfsspy')}, streamtracer {version('streamtracer')}",
    )


def _as_sunpy(br: NDArray[np.floating], grid: CarringtonGrid, time: datetime) -> sunpy.map.Map:
    header = {
        "CTYPE1": "CRLN-CEA", "CTYPE2": "CRLT-CEA", "CUNIT1": "deg", "CUNIT2": "deg",
        "CRPIX1": (grid.nlon + 1) / 2, "CRPIX2": (grid.nlat + 1) / 2,
        "CRVAL1": 180.0, "CRVAL2": 0.0,
        "CDELT1": 360.0 / grid.nlon, "CDELT2": np.degrees(2.0 / grid.nlat),
        "PV2_1": 1.0,
        "DATE-OBS": f"{time.astimezone(UTC):%Y-%m-%dT%H:%M:%S}",
    }  # fmt: skip
    return sunpy.map.Map(np.asarray(br, np.float64), header)


def _open_field(field: pfsspy.Output, grid: CarringtonGrid) -> NDArray[np.int8]:
    """Polarity of the cells whose field line, followed away from the Sun, reaches the top."""
    top = np.log(field.grid.rss)
    step = STEP * top / field.grid.nr
    tracer = StreamTracer(int(CROSSINGS * field.grid.nr / STEP), step)
    vectors = FortranTracer.vector_grid(field)
    lon, sin_lat = np.meshgrid(np.radians(grid.lon), grid.sin_lat)
    seeds = np.stack([lon.ravel(), sin_lat.ravel(), np.full(lon.size, 1e-6)], axis=-1)
    polarity = np.sign(field.bc[0][:, :, 0].value.T).ravel()
    result = np.zeros(polarity.size, np.int8)
    for sign in (1, -1):
        outward = np.flatnonzero(polarity == sign)
        for chosen in np.split(outward, range(LINES, outward.size, LINES)):
            if chosen.size:
                tracer.trace(seeds[chosen], vectors, direction=sign)
                reached = np.array([line[-1, 2] > top - 2 * step for line in tracer.xs])
                result[chosen[reached]] = sign
    return result.reshape(grid.shape)


def _neutral_line(br: Floats, grid: CarringtonGrid) -> tuple[Floats, ...]:
    """Curves where the field on the source surface changes sign, each (n, 2) lon, lat in deg."""
    lon = np.concatenate([[grid.lon[-1] - 360.0], grid.lon, [grid.lon[0] + 360.0]])
    wrapped = np.concatenate([br[:, -1:], br, br[:, :1]], axis=1)
    curves = contour_generator(lon, grid.sin_lat, wrapped).lines(0.0)
    return tuple(
        np.stack([np.clip(c[:, 0], 0.0, 360.0), np.degrees(np.arcsin(c[:, 1]))], axis=1)
        for c in map(np.asarray, curves)
    )
