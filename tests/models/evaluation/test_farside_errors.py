"""Errors that were stated too large here and too small there, and what becomes of them."""

import numpy as np
import pytest

from models.evaluation.farside_errors import FEWEST, OCTAVES, SUNS, curve, octaves
from models.metrics.summed import Floats


def drawn(seed: int, factor: float, count: int = 40_000) -> Floats:
    """Sums of a Sun whose errors are *factor* times those stated, 2 to 100 G."""
    rng = np.random.default_rng(seed)
    sigma = np.exp(rng.uniform(np.log(2.0), np.log(100.0), count))
    return octaves(sigma, factor * sigma * rng.standard_normal(count))


def test_octaves_hold_every_pixel() -> None:
    sums = octaves(np.array([0.3, 1.5, 2.0, 3.9, 1e4]), np.array([1.0, 1.0, 3.0, 4.0, 5.0]))
    assert sums.shape == (OCTAVES, 3)
    assert sums[:, 0].tolist() == [2, 2, *[0] * 7, 1]
    assert sums[1].tolist() == pytest.approx([2.0, 4.0 + 3.9**2, 25.0])


def test_what_is_found_is_what_errors_are() -> None:
    for stated, found in curve(np.stack([drawn(n, 1.3) for n in range(4)])):
        assert found / stated == pytest.approx(1.3, rel=0.02)


def test_suns_count_alike_however_they_err() -> None:
    """One Sun of four times the stated errors and three of half: the fourth root of 1/2."""
    suns = [drawn(0, 4.0, 80_000), *(drawn(n, 0.5, 10_000) for n in (1, 2, 3))]
    ratios = [found / stated for stated, found in curve(np.stack(suns))]
    assert ratios == pytest.approx([0.5**0.25] * len(ratios), rel=0.04)


def test_errors_rise_with_those_stated() -> None:
    sums = np.zeros((SUNS, OCTAVES, 3))
    sums[:, 4], sums[:, 5] = (100, 100 * 20.0**2, 100 * 30.0**2), (100, 100 * 40.0**2, 100.0)
    knots = [value for knot in curve(sums) for value in knot]
    assert knots == pytest.approx([20.0, 30.0, 40.0, 30.0])


def test_octaves_that_hardly_any_sun_reaches_are_no_knots() -> None:
    sums = np.zeros((SUNS, OCTAVES, 3))
    sums[:, 3] = FEWEST, FEWEST * 10.0**2, FEWEST * 10.0**2
    sums[0, 8] = 1000, 1000 * 300.0**2, 1000.0
    assert len(curve(sums)) == 1
