"""Which place on the Sun an observer is magnetically connected to, and which sector is next.

Knows: the way from an observer down the spiral of the wind to the source surface, and on
along the field. Refuses to know: who the observers are and where their positions come from.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from pipeline.core import CarringtonGrid, Observer
from pipeline.corona.field import Field
from pipeline.corona.mapping import field_line
from pipeline.corona.wind import longitude_shift

Floats = NDArray[np.float64]

# Departures are tried this far around the Sun: wind of 180 km/s takes 10 days to 1 AU.
FURTHEST = 140.0
STEP = 0.25  # deg


@dataclass(frozen=True, slots=True)
class Connection:
    """The wind at an observer, traced back to where it came from.

    source_lon, source_lat : deg, on the source surface
    lon, lat : deg, of the foot point on the photosphere
    polarity : sign of the radial field, 1 or -1; 0 where there is none
    speed : km/s
    """

    source_lon: float
    source_lat: float
    lon: float
    lat: float
    polarity: int
    speed: float


def departure(
    speed: NDArray[np.floating], grid: CarringtonGrid, rss: float, observer: Observer
) -> tuple[float, float]:
    """Longitude (deg) at which the wind at *observer* left the source surface, and its speed.

    speed : km/s on the source surface, (nlat, nlon). The spiral is ballistic (Nolte & Roelof
    1973, Solar Phys. 33, 241), with the speed of the place of departure. Where streams
    overlap, the fastest has overtaken the others.
    """
    row = _row(grid, observer.latitude)
    lon = observer.carrington_longitude + np.arange(0.0, FURTHEST, STEP)
    speeds = np.interp(lon, grid.lon, speed[row], period=360.0)
    late = lon - longitude_shift(speeds, rss, observer.distance) - observer.carrington_longitude
    arrives = np.flatnonzero((late[:-1] <= 0.0) & (late[1:] > 0.0))
    if not arrives.size:  # slower than any wind should be: take the nearest
        arrives = np.array([np.argmin(np.abs(late))])
    fastest = arrives[np.argmax(speeds[arrives])]
    return float(lon[fastest] % 360.0), float(speeds[fastest])


def connect(field: Field, speed: NDArray[np.floating], observer: Observer) -> Connection:
    """Where the wind at *observer* comes from; *speed* as for :func:`departure`."""
    grid, rss = field.grid, field.shells.rss
    lon, wind = departure(speed, grid, rss, observer)
    polarity = _sign(field.br_source_surface, grid, lon, observer.latitude)
    line = field_line(field, lon, observer.latitude, rss)
    foot = line[np.argmin(line[[0, -1], 2]) * -1]
    return Connection(lon, observer.latitude, float(foot[0]), float(foot[1]), polarity, wind)


def footpoint_distribution(
    connections: Iterable[Connection], grid: CarringtonGrid
) -> NDArray[np.float32]:
    """Part of the *connections* (of one observer, over members) in every cell, (nlat, nlon)."""
    counts = np.zeros(grid.shape, np.float32)
    for connection in connections:
        counts[_row(grid, connection.lat), _column(grid, connection.lon)] += 1.0
    return np.asarray(counts / max(counts.sum(), 1.0), np.float32)


def sector_forecast(
    br: NDArray[np.floating],
    speed: NDArray[np.floating],
    grid: CarringtonGrid,
    rss: float,
    observers: Callable[[datetime], Observer],
    begin: datetime,
    days: int = 7,
    step: timedelta = timedelta(hours=6),
) -> tuple[tuple[datetime, int], ...]:
    """Polarity of the wind that *observers*, such as the Earth, will meet from *begin* on.

    br : gauss; speed : km/s; both on the source surface, (nlat, nlon), which turns with the Sun
    and otherwise stays as it is.
    """
    times = [begin + n * step for n in range(int(timedelta(days=days) / step) + 1)]
    sectors = []
    for time in times:
        observer = observers(time)
        lon, _ = departure(speed, grid, rss, observer)
        sectors.append((time, _sign(br, grid, lon, observer.latitude)))
    return tuple(sectors)


def _sign(br: NDArray[np.floating], grid: CarringtonGrid, lon: float, lat: float) -> int:
    return int(np.sign(br[_row(grid, lat), _column(grid, lon)]))


def _row(grid: CarringtonGrid, lat: float) -> int:
    return min(int((np.sin(np.radians(lat)) + 1.0) * 0.5 * grid.nlat), grid.nlat - 1)


def _column(grid: CarringtonGrid, lon: float) -> int:
    return int(lon % 360.0 / 360.0 * grid.nlon) % grid.nlon
