"""A corona to change: no field anywhere, the Earth connected to nothing, one member."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import numpy as np

from pipeline.core import CarringtonGrid, Corona, earth
from pipeline.core.corona import (
    Connection,
    CoronalHole,
    Ensemble,
    Member,
    Moments,
    Sector,
    Wind,
)


def plain_corona(time: datetime, grid: CarringtonGrid, **changes: Any) -> Corona:
    """An empty corona but for *changes* to its fields."""
    observer, nan = earth(time), float("nan")
    nothing, missing = np.zeros(grid.shape, np.float32), np.full(grid.shape, nan, np.float32)
    slow = np.full(grid.shape, 285.0, np.float32)
    lost = Connection(10.0, observer.latitude, nan, nan, 0, 285.0)
    moments = Moments(np.where(np.abs(np.arange(-2, 3)) > np.arange(3)[:, None], nan, 0.0))
    empty = Corona(
        time=time,
        grid=grid,
        open_field=nothing.astype(np.int8),
        open_fraction=nothing,
        br_source_surface=nothing,
        source_surface_radius=2.5,
        start_radius=1.0,
        radial_cells=50,
        neutral_line=(),
        tilt=nan,
        open_flux=0.0,
        photosphere=moments,
        source_surface=moments,
        holes=(),
        wind=Wind(
            missing,
            missing,
            missing,
            missing,
            slow,
            slow,
            slow,
            "radial",
            "a law",
            "v = 285 km/s",
            2.5,
            nothing,
        ),
        observers={"earth": observer},
        connections={"earth": lost},
        sectors=(),
        ensemble=Ensemble(
            (Member(2.5, 0.0, nan, {"earth": lost}),), nothing, nothing, nothing, {"earth": nothing}
        ),
        solver="by hand",
    )
    return replace(empty, **changes)


def full_parts(time: datetime, grid: CarringtonGrid) -> dict[str, Any]:
    """Changes that give a plain corona holes, sectors, two observers and three members."""
    observer = earth(time)
    linked = Connection(200.0, observer.latitude, 190.0, -40.0, -1, 420.0)
    other = Connection(80.0, 3.0, 75.0, 60.0, 1, 610.0)
    both = {"earth": linked, "stereo-a": other}
    some = np.linspace(0, 1, grid.nlon * grid.nlat, dtype=np.float32).reshape(grid.shape)
    angles = (180 * some, 90 * some, 20 * some)
    speeds = (300 + some, 310 + some, 320 + some)
    wind = Wind(1 + some, *angles, *speeds, "radial", "a law", "v = 1", 5.0, some)
    return {
        "wind": wind,
        "observers": {"earth": observer, "stereo-a": replace(observer, carrington_longitude=20.0)},
        "connections": both,
        "holes": (
            CoronalHole(1, 130.0, 70.0, 0.06, 3e21),
            CoronalHole(-1, 12.0, -65.0, 0.05, -2e21),
        ),
        "sectors": tuple(
            Sector(time + timedelta(hours=6 * n), (-1) ** (n // 8), n / 28, 400.0 + n)
            for n in range(29)
        ),
        "ensemble": Ensemble(
            tuple(Member(2.0 + n / 2, 3e22 - n * 1e21, 30.0 + n, both) for n in range(3)),
            some,
            1 - some,
            20 * some,
            {"earth": some, "stereo-a": 1 - some},
        ),
    }
