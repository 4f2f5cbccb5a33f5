"""Scores of coronae against cases worked out by hand."""

import math
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest
from numpy.typing import NDArray
from plain_corona import plain_corona

from pipeline.core import CarringtonGrid, Corona
from pipeline.scores.coronae import SPACING, neutral_line_distance, open_field_iou, score_corona

GRID = CarringtonGrid(72, 36)


def parallel(lat: float, vertices: int = 73, first: float = 0.0) -> NDArray[np.float64]:
    lon = first + np.linspace(0, 360, vertices)
    return np.column_stack([lon, np.full(vertices, lat)])


def with_polar_holes() -> Corona:
    holes = np.sign(GRID.lat) * (np.abs(GRID.lat) > 60)
    return plain_corona(
        datetime(2014, 1, 31, tzinfo=UTC),
        GRID,
        open_field=np.repeat(holes[:, np.newaxis], GRID.nlon, axis=1).astype(np.int8),
        neutral_line=(parallel(0),),
        open_flux=3e22,
    )


def with_wind(speed: NDArray[np.float32]) -> Corona:
    corona = with_polar_holes()
    return replace(corona, wind=replace(corona.wind, speed=speed))


def test_wind_that_is_30_km_s_too_fast_in_one_half_and_too_slow_in_the_other() -> None:
    truth = np.repeat(400 + 100 * GRID.sin_lat[:, np.newaxis], GRID.nlon, axis=1)
    off = np.where(GRID.lon < 180, 30.0, -30.0)
    score = score_corona(with_wind(truth + off), with_wind(truth))
    assert score.wind_speed_rmse == pytest.approx(30.0)
    spread = truth.std()
    assert score.wind_speed_correlation == pytest.approx(spread / np.hypot(spread, 30.0))
    assert math.isnan(score_corona(with_polar_holes(), with_polar_holes()).wind_speed_correlation)


def test_a_perfect_corona() -> None:
    score = score_corona(with_polar_holes(), with_polar_holes())
    assert score.open_field_iou["whole"] == score.open_field_iou["poles"] == 1
    assert math.isnan(score.open_field_iou["near"])
    assert score.neutral_line_distance == 0
    assert score.open_flux_ratio == 1


def test_a_corona_without_its_northern_hole_and_half_the_flux() -> None:
    truth = with_polar_holes()
    south = replace(truth, open_field=np.minimum(truth.open_field, 0), open_flux=1.5e22)
    score = score_corona(south, truth)
    assert score.open_field_iou["whole"] == pytest.approx(0.5)
    assert score.open_flux_ratio == 0.5


@pytest.mark.parametrize(
    ("product", "expected"),
    [([1, 1, -1, 0], 1), ([-1, -1, 1, 0], 0), ([1, 1, 0, -1], 0.5), ([0, 0, 0, 0], 0)],
)
def test_open_cells_count_when_their_polarity_agrees(product: list[int], expected: float) -> None:
    truth = np.array([1, 1, -1, 0], np.int8)
    assert open_field_iou(np.array(product, np.int8), truth) == expected


def test_a_neutral_line_displaced_by_ten_degrees() -> None:
    assert neutral_line_distance((parallel(10),), (parallel(0),)) == pytest.approx(10, abs=0.02)
    assert neutral_line_distance((parallel(0, 721, -180),), (parallel(0),)) < SPACING / 2


def test_a_spurious_curve_counts_one_way_only() -> None:
    """Its share of the product's length lies 40° off; every point of the truth is matched."""
    equator, spurious = parallel(0), parallel(40, 361)
    share = np.cos(np.radians(40)) / (1 + np.cos(np.radians(40)))
    distance = neutral_line_distance((equator, spurious), (equator,))
    assert distance == pytest.approx(share * 40 / 2, rel=0.01)


def test_a_field_of_one_sign_has_no_distance() -> None:
    assert math.isnan(neutral_line_distance((), (parallel(0),)))
