"""The scores of a corona."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from pipeline.core import Corona, earth
from pipeline.scores.fields import correlation, mean, ratio, rms
from pipeline.scores.sectors import SECTORS
from pipeline.surface.regions import directions, normalised

Floats = NDArray[np.float64]
Curves = tuple[Floats, ...]

SPACING = 0.1  # deg between the points that stand for a curve


@dataclass(frozen=True, slots=True)
class CoronaScore:
    """Skill of a corona; a figure that it cannot give is NaN.

    open_field_iou : by sector, see :func:`open_field_iou`
    neutral_line_distance : deg, see :func:`neutral_line_distance`
    open_flux_ratio : product over truth
    wind_speed_rmse, wind_speed_correlation : km/s and Pearson's, on the source surface
    """

    open_field_iou: Mapping[str, float]
    neutral_line_distance: float
    open_flux_ratio: float
    wind_speed_rmse: float
    wind_speed_correlation: float


def score_corona(corona: Corona, truth: Corona) -> CoronaScore:
    """Scores of *corona* against the one above the true field, both on one grid."""
    meridian = earth(corona.time).carrington_longitude
    sectors = {s.name: s.cells(corona.grid, meridian) for s in SECTORS}
    return CoronaScore(
        open_field_iou={
            name: open_field_iou(corona.open_field[cells], truth.open_field[cells])
            for name, cells in sectors.items()
        },
        neutral_line_distance=neutral_line_distance(corona.neutral_line, truth.neutral_line),
        open_flux_ratio=ratio(corona.open_flux, truth.open_flux),
        wind_speed_rmse=rms(corona.wind.speed - truth.wind.speed),
        wind_speed_correlation=correlation(corona.wind.speed, truth.wind.speed),
    )


def open_field_iou(product: NDArray[np.int8], truth: NDArray[np.int8]) -> float:
    """Cells open with one polarity in both over cells open in either.

    Network of the other sign riddles coronal holes with closed cells, so this falls where
    the large scales agree: to .6 between a map of 2014 and itself blurred by 2°.
    """
    either = (product != 0) | (truth != 0)
    return mean(product[either] == truth[either])


def neutral_line_distance(product: Curves, truth: Curves) -> float:
    """Mean great-circle distance, deg, from each set of curves to the other, both ways.

    Curves are (n, 2): longitude and latitude in deg. NaN if either set is empty.
    """
    if not (product and truth):
        return np.nan
    a, b = _points(product), _points(truth)
    chords = [cKDTree(to).query(of)[0] for of, to in ((a, b), (b, a))]
    ways = [np.degrees(2.0 * np.arcsin(chord / 2.0)).mean() for chord in chords]
    return float(np.mean(ways))


def _points(curves: Curves) -> Floats:
    """Evenly spaced unit vectors along *curves*, so that every degree of them counts alike."""
    parts = []
    for curve in curves:
        vertices = directions(curve[:, 0], curve[:, 1])
        steps = np.degrees(np.linalg.norm(np.diff(vertices, axis=0), axis=1))
        along = np.concatenate([[0.0], np.cumsum(steps)])
        places = np.linspace(0.0, along[-1], int(along[-1] / SPACING) + 2)
        parts.append(np.stack([np.interp(places, along, axis) for axis in vertices.T], axis=1))
    return normalised(np.concatenate(parts))
