"""Which place on the Sun an observer is magnetically connected to.

Knows: the way from an observer down the spiral of the wind to the corona's top, and on
along the field. Refuses to know: who the observers are and where their positions come from.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pipeline.core import CarringtonGrid, Observer
from pipeline.core.corona import Connection
from pipeline.corona.current_sheet import Outflow
from pipeline.corona.field import Field
from pipeline.corona.mapping import field_line
from pipeline.corona.wind import longitude_shift

Floats = NDArray[np.float64]

# Departures are tried this far around the Sun: wind of 180 km/s takes 10 days to 1 AU.
FURTHEST = 140.0
STEP = 0.25  # deg


def departure(
    speed: NDArray[np.floating], grid: CarringtonGrid, radius: float, observer: Observer
) -> tuple[float, float]:
    """Longitude (deg) at which the wind at *observer* left the sphere of *radius*, and its speed.

    speed : km/s on that sphere, (nlat, nlon). The spiral is ballistic (Nolte & Roelof
    1973, Solar Phys. 33, 241), with the speed of the place of departure. Where streams
    overlap, the fastest has overtaken the others.
    """
    row, _ = grid.cell(0.0, observer.latitude)
    lon = observer.carrington_longitude + np.arange(0.0, FURTHEST, STEP)
    speeds = np.interp(lon, grid.lon, speed[row], period=360.0)
    late = lon - longitude_shift(speeds, radius, observer.distance) - observer.carrington_longitude
    arrives = np.flatnonzero((late[:-1] <= 0.0) & (late[1:] > 0.0))
    if not arrives.size:  # slower than any wind should be: take the nearest
        arrives = np.array([np.argmin(np.abs(late))])
    fastest = arrives[np.argmax(speeds[arrives])]
    return float(lon[fastest] % 360.0), float(speeds[fastest])


def connect(
    field: Field, top: Outflow, speed: NDArray[np.floating], observer: Observer
) -> Connection:
    """Where the wind at *observer* comes from; *speed* as for :func:`departure` from *top*."""
    grid, rss = field.grid, field.shells.rss
    left, wind = departure(speed, grid, top.radius, observer)
    lon, lat = top.crossing(left, observer.latitude, grid)
    polarity = sign_at(field.br_source_surface, grid, lon, lat)
    if polarity == 0:
        return Connection(lon, lat, float("nan"), float("nan"), 0, wind)
    line = field_line(field, lon, lat, rss)
    foot = line[0 if polarity > 0 else -1]
    return Connection(lon, lat, float(foot[0]), float(foot[1]), polarity, wind)


def sign_at(br: NDArray[np.floating], grid: CarringtonGrid, lon: float, lat: float) -> int:
    """Polarity of *br*, (nlat, nlon), at a place in deg."""
    return int(np.sign(br[grid.cell(lon, lat)]))
