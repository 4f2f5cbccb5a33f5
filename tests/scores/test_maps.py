"""Scores of whole maps: which part of the Sun a fault is charged to."""

import math
from dataclasses import replace

import numpy as np
import pytest
from small_sun import GRID, SUN, bipole, observed

from pipeline.core import CarringtonGrid
from pipeline.scores.maps import MapScore, score_map
from pipeline.scores.sectors import SECTORS


def by_place(scores: tuple[MapScore, ...]) -> dict[tuple[str, str], MapScore]:
    return {(score.sector, score.source): score for score in scores}


def counts(score: MapScore) -> tuple[int, int, int]:
    return score.hits, score.misses, score.false_alarms


def test_sectors_lie_where_the_earth_sees_them() -> None:
    grid = CarringtonGrid(360, 180)
    meridian = 350.0
    cells = {sector.name: sector.cells(grid, meridian) for sector in SECTORS}
    equator = {name: {float(lon) for lon in grid.lon[mask[90]]} for name, mask in cells.items()}
    assert equator["near"] == {lon % 360 + 0.5 for lon in range(290, 410)}
    assert equator["stereo"] == {lon % 360 + 0.5 for lon in range(80, 153)}
    assert equator["unseen"] == {lon % 360 + 0.5 for lon in range(187, 260)}
    assert equator["far"] == {lon + 0.5 for lon in range(80, 260)}
    assert equator["poles"] == set()
    assert cells["whole"].all()
    assert cells["poles"].mean() == pytest.approx(1 - math.sin(math.radians(60)), abs=0.01)
    assert not (cells["far"] & cells["poles"]).any()


def test_a_perfect_map() -> None:
    scores = by_place(score_map(observed(SUN), observed(SUN).br))
    for sector, regions in {"whole": 3, "near": 1, "stereo": 1, "unseen": 1, "far": 2}.items():
        score = scores[sector, "any"]
        assert list(score.correlation.values()) == pytest.approx([1] * 4)
        assert list(score.slope.values()) == pytest.approx([1] * 4)
        assert list(score.rmse.values()) == [0] * 4
        assert score.unsigned_flux_ratio == score.polarity_agreement == 1
        assert counts(score) == (regions, 0, 0)
        assert score.coverage_68 == score.coverage_95 == 1
        assert math.isnan(score.spread_skill)
    assert scores["poles", "any"].correlation[8] == pytest.approx(1)
    assert math.isnan(scores["poles", "any"].polarity_agreement)


def test_a_map_of_the_wrong_sign_still_finds_its_regions() -> None:
    score = score_map(observed(-SUN), SUN)[0]
    assert score.correlation[4] == pytest.approx(-1)
    assert score.polarity_agreement == 0
    assert counts(score) == (3, 0, 0)


def test_a_map_of_half_the_amplitude() -> None:
    score = score_map(observed(SUN / 2), SUN)[0]
    assert score.correlation[1] == pytest.approx(1)
    assert score.slope[2] == pytest.approx(0.5)
    assert score.unsigned_flux_ratio == pytest.approx(0.5)
    assert score.polarity_agreement == 1


def test_an_unseen_region_is_charged_to_its_sector_and_source() -> None:
    scores = by_place(score_map(observed(SUN - bipole(230, 12)), SUN))
    assert counts(scores["unseen", "any"]) == (0, 1, 0)
    assert counts(scores["unseen", "transported"]) == (0, 1, 0)
    assert counts(scores["far", "any"]) == (1, 1, 0)
    assert counts(scores["near", "hmi"]) == (1, 0, 0)
    assert scores["near", "hmi"].correlation[2] == pytest.approx(1, abs=1e-6)
    assert scores["unseen", "any"].slope[2] == pytest.approx(0, abs=0.01)
    assert scores["unseen", "any"].unsigned_flux_ratio < 0.1


def test_where_there_are_no_cells_there_are_no_figures() -> None:
    scores = by_place(score_map(observed(SUN), SUN))
    for place in (("far", "hmi"), ("near", "transported"), ("whole", "euv")):
        score = scores[place]
        assert score.area == 0
        assert counts(score) == (0, 0, 0)
        assert all(map(math.isnan, [*score.correlation.values(), score.coverage_68]))


def test_noise_that_the_map_admits() -> None:
    rng = np.random.default_rng(3)
    sigma = np.broadcast_to(np.where(GRID.lat > 0, 2.0, 9.0)[:, np.newaxis], GRID.shape)
    noisy = observed(SUN + rng.normal(0, 1, GRID.shape) * sigma)
    score = score_map(replace(noisy, sigma=sigma.astype(np.float32)), SUN)[0]
    assert score.spread_skill == pytest.approx(1, rel=0.03)
    assert score.coverage_68 == pytest.approx(0.683, abs=0.012)
    assert score.coverage_95 == pytest.approx(0.954, abs=0.006)


@pytest.mark.parametrize(("shift", "expected"), [(4, (1, 0, 0)), (8, (1, 0, 0)), (14, (0, 1, 1))])
def test_a_shifted_region_is_a_hit_within_ten_degrees(
    shift: float, expected: tuple[int, int, int]
) -> None:
    score = score_map(observed(bipole(30 + shift, 0)), bipole(30, 0))[0]
    assert counts(score) == expected


def test_a_quiet_sun_has_no_regions() -> None:
    score = score_map(observed(np.zeros(GRID.shape)), np.zeros(GRID.shape))[0]
    assert counts(score) == (0, 0, 0)
    assert math.isnan(score.correlation[1])
