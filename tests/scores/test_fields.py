"""Figures of merit against cases worked out by hand."""

import math

import numpy as np
import pytest

from pipeline.scores import fields

RNG = np.random.default_rng(7)
TRUTH = RNG.normal(3.0, 20.0, 100_000)
NOTHING = np.empty(0)


def test_a_perfect_field() -> None:
    assert fields.correlation(TRUTH, TRUTH) == pytest.approx(1)
    assert fields.slope(TRUTH, TRUTH) == pytest.approx(1)
    assert fields.unsigned_flux_ratio(TRUTH, TRUTH) == 1
    assert fields.net_flux_ratio(TRUTH, TRUTH) == 1
    assert fields.polarity_agreement(TRUTH, TRUTH, above=20) == 1


def test_a_field_of_the_wrong_sign() -> None:
    assert fields.correlation(-TRUTH, TRUTH) == pytest.approx(-1)
    assert fields.slope(-TRUTH, TRUTH) == pytest.approx(-1)
    assert fields.unsigned_flux_ratio(-TRUTH, TRUTH) == 1
    assert fields.net_flux_ratio(-TRUTH, TRUTH) == pytest.approx(-1)
    assert fields.polarity_agreement(-TRUTH, TRUTH, above=20) == 0
    assert fields.polarity_agreement(0 * TRUTH, TRUTH, above=20) == 0


def test_a_field_of_half_the_amplitude_with_an_offset() -> None:
    half = 0.5 * TRUTH + 4.0
    assert fields.correlation(half, TRUTH) == pytest.approx(1)
    assert fields.slope(half, TRUTH) == pytest.approx(0.5)
    assert fields.rms(half - 0.5 * TRUTH) == pytest.approx(4)


def test_only_strong_cells_count_for_polarity() -> None:
    truth = np.array([60.0, -60.0, 80.0, -55.0, 10.0, -10.0])
    product = np.array([1.0, -1.0, 5.0, 2.0, -9.0, 9.0])
    assert fields.polarity_agreement(product, truth, above=50) == 0.75


@pytest.mark.parametrize(
    ("claimed", "spread_skill", "of_68", "of_95"),
    [(5.0, 1.0, 0.683, 0.954), (10.0, 2.0, 0.954, 1.0), (2.5, 0.5, 0.383, 0.683)],
)
def test_claimed_errors_against_normal_noise_of_5_gauss(
    claimed: float, spread_skill: float, of_68: float, of_95: float
) -> None:
    error, sigma = RNG.normal(0, 5, 100_000), np.full(100_000, claimed)
    assert fields.spread_skill(error, sigma) == pytest.approx(spread_skill, rel=0.01)
    assert fields.coverage(error, sigma, 1) == pytest.approx(of_68, abs=0.005)
    assert fields.coverage(error, sigma, 2) == pytest.approx(of_95, abs=0.005)


def test_what_cannot_be_said_is_nan() -> None:
    balanced = np.array([10.0, -10.0, 10.0, -10.0])
    assert math.isnan(fields.net_flux_ratio(balanced + 1, balanced))
    assert math.isnan(fields.correlation(0 * balanced, balanced))
    assert math.isnan(fields.spread_skill(0 * balanced, balanced))
    assert math.isnan(fields.polarity_agreement(balanced, balanced, above=50))
    pairs = (
        fields.correlation, fields.slope, fields.unsigned_flux_ratio, fields.net_flux_ratio,
        fields.spread_skill,
    )  # fmt: skip
    assert all(math.isnan(figure(NOTHING, NOTHING)) for figure in pairs)
    assert math.isnan(fields.coverage(NOTHING, NOTHING, 1))
    assert math.isnan(fields.rms(NOTHING))
