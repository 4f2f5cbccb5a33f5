"""Claimed errors that are right, and those that are not."""

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import norm

from models.metrics import Calibration, crps, folded, rank_histogram


@pytest.mark.parametrize(("mean", "sigma", "truth"), [(0, 1, 0), (2, 3, -1), (5, 0.5, 7)])
def test_crps_is_the_integral_it_stands_for(mean: float, sigma: float, truth: float) -> None:
    def squared(x: float) -> float:
        return float((norm.cdf(x, mean, sigma) - (x >= truth)) ** 2)

    expected = quad(squared, mean - 30 * sigma, truth, limit=200)[0]
    expected += quad(squared, truth, mean + 30 * sigma, limit=200)[0]
    assert crps(np.array(mean), np.array(sigma), np.array(truth)) == pytest.approx(expected)


def test_crps_of_certainty_is_the_error() -> None:
    assert crps(np.array([3.0]), np.array([0.0]), np.array([-1.0])) == pytest.approx([4.0])


def test_an_honest_sigma() -> None:
    rng = np.random.default_rng(0)
    sigma = rng.uniform(1.0, 5.0, 200_000)
    error = sigma * rng.normal(size=sigma.size)
    found = Calibration.of(error, sigma, np.zeros(sigma.size))
    assert found.spread_skill == pytest.approx(1.0, abs=0.01)
    assert found.coverage_68 == pytest.approx(0.68, abs=0.005)
    assert found.coverage_95 == pytest.approx(0.95, abs=0.003)
    assert found.crps == pytest.approx(sigma.mean() / np.sqrt(np.pi), rel=0.01)


def test_a_sigma_of_twice_the_error() -> None:
    rng = np.random.default_rng(1)
    error = rng.normal(size=100_000)
    found = Calibration.of(error, np.full(error.size, 2.0), np.zeros(error.size))
    assert found.spread_skill == pytest.approx(2.0, abs=0.02)
    assert found.coverage_68 == pytest.approx(norm.cdf(2 * norm.ppf(0.84)) * 2 - 1, abs=0.005)


def test_by_hand_with_a_gap() -> None:
    mean, sigma = np.array([0.0, 0.0, 0.0]), np.array([1.0, 2.0, 1.0])
    found = Calibration.of(mean, sigma, np.array([1.5, 3.0, np.nan]))
    assert found.n == 2
    assert found.spread_skill == pytest.approx(np.sqrt(5 / 11.25))
    assert (found.coverage_68, found.coverage_95) == (0.0, 1.0)


def test_the_mean_size_of_a_normal_variable() -> None:
    drawn = np.random.default_rng(0).normal(3.0, 2.0, 200_000)
    assert float(folded(np.array(3.0), np.array(2.0))) == pytest.approx(
        np.abs(drawn).mean(), rel=5e-3
    )
    both = folded(np.array([-50.0, 0.0]), np.array([1.0, 0.0]))
    assert both.tolist() == pytest.approx([50.0, 0.0])


def test_ranks() -> None:
    samples = np.array([[1.0, 1.0, 1.0], [2.0, 2.0, 2.0]])
    assert rank_histogram(samples, np.array([0.0, 1.5, 9.0])).tolist() == [1, 1, 1]
    rng = np.random.default_rng(2)
    fair = rank_histogram(rng.normal(size=(9, 50_000)), rng.normal(size=50_000))
    assert fair / 50_000 == pytest.approx(np.full(10, 0.1), abs=0.006)
