"""The quiet Sun: flux of both signs on the lanes between supergranules, always renewed.

Small bipoles come up everywhere, their feet are swept to the nearest lane and fade
within about a day. Supergranules are the Voronoi cells of points that live a little
longer. What is born in an hour depends on the seed and the hour alone, so the network
neither grows nor fades, and the same hour looks alike however the Sun was started.

Numbers without a source are chosen; how many feet there are and how strong, so that the
quiet Sun has the field of real maps (``ops/simulator_statistics.py``).
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import KDTree

from pipeline.core.geometry import Floats
from pipeline.core.grid import R_SUN_CM
from pipeline.simulator.concentrations import Concentrations, carried
from pipeline.surface.transport import Flow

STREAM_CELLS, STREAM_FEET = 1, 2

CELL_SIZE = 30e8  # cm (Hirzberger et al. 2008: 27 Mm; Leighton et al. 1962: 32 Mm)
CELL_HOURS = 36  # Hirzberger et al. (2008, ApJ 681, L73): 1.6 days
CELLS_PER_HOUR = round(4.0 * np.pi * R_SUN_CM**2 / CELL_SIZE**2 / CELL_HOURS)
BIPOLES_PER_HOUR = 1500
BIPOLE_LENGTH = 1.0  # deg between the feet (Hagenaar 2001, ApJ 555, 448: 9 Mm at first)
FOOT_HOURS = (12, 48)
FOOT_FLUX, FOOT_SCATTER = 7e18, 0.7  # Mx at its strongest, median and scatter of the logarithm
FOOT_WIDTH = 0.2  # deg
LANE_WIDTH = 0.1  # deg


def network(seed: int, hour: float, flow: Flow) -> Concentrations:
    """Every concentration of the network at *hour* (since day 0 of the ordinal calendar)."""
    last = int(np.floor(hour))
    litters = [_feet(seed, born, flow) for born in range(last - FOOT_HOURS[1], last + 1)]
    born, lon, lat, peak, life = (np.concatenate(part) for part in zip(*litters, strict=True))
    age = hour - born
    alive = age < life
    lon, lat = carried(lon[alive], lat[alive], age[alive] / 24.0, flow)
    flux = peak[alive] * np.sin(np.pi * age[alive] / life[alive]) ** 2
    return Concentrations(lon, lat, flux, np.full(lon.shape, FOOT_WIDTH))


@lru_cache(maxsize=FOOT_HOURS[1] + 2)
def _feet(seed: int, hour: int, flow: Flow) -> tuple[Floats, Floats, Floats, Floats, Floats]:
    """Those born in *hour*: the hour, longitude, latitude, largest flux and hours of life."""
    rng = np.random.default_rng((seed, STREAM_FEET, hour))
    n = BIPOLES_PER_HOUR
    first = _anywhere(rng, n)
    second = _unit(first + np.radians(BIPOLE_LENGTH) * rng.standard_normal((n, 3)))
    centres = _supergranules(seed, hour, flow)
    points = np.concatenate([first, second])
    nearest = np.asarray(KDTree(centres).query(points, k=2)[1])
    # The plane midway between the two nearest centres holds the lane between them.
    normal = _unit(centres[nearest[:, 0]] - centres[nearest[:, 1]])
    points = points - normal * (points * normal).sum(axis=1, keepdims=True)
    points = _unit(points + np.radians(LANE_WIDTH) * rng.standard_normal(points.shape))
    flux = FOOT_FLUX * np.exp(FOOT_SCATTER * rng.standard_normal(n)) * rng.choice((-1.0, 1.0), n)
    life = rng.uniform(*FOOT_HOURS, n)
    lon, lat = _degrees(points)
    return (
        np.full(2 * n, float(hour)),
        lon,
        lat,
        np.concatenate([flux, -flux]),
        np.concatenate([life, life]),
    )


def _supergranules(seed: int, hour: int, flow: Flow) -> Floats:
    """Unit vectors to the centres of the supergranules alive at *hour*."""
    centres = []
    for born in range(hour - CELL_HOURS, hour):
        points = _anywhere(np.random.default_rng((seed, STREAM_CELLS, born)), CELLS_PER_HOUR)
        lon, lat = _degrees(points)
        centres.append(carried(lon, lat, (hour - born) / 24.0, flow))
    lon, lat = np.radians(np.concatenate(centres, axis=1))
    return np.stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)], axis=1)


def _anywhere(rng: np.random.Generator, n: int) -> Floats:
    """*n* unit vectors evenly over the sphere."""
    return _unit(rng.standard_normal((n, 3)))


def _unit(vectors: NDArray[np.float64]) -> Floats:
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True))


def _degrees(vectors: Floats) -> tuple[Floats, Floats]:
    lon = np.degrees(np.arctan2(vectors[:, 1], vectors[:, 0])) % 360.0
    return lon, np.degrees(np.arcsin(np.clip(vectors[:, 2], -1.0, 1.0)))
