"""The noise of a picture, told from the picture."""

import numpy as np
import pytest

from pipeline.enhance.noise import noise_level


@pytest.mark.parametrize("sigma", [2.0, 9.6])
def test_the_core_is_the_noise_whatever_the_wings_hold(sigma: float) -> None:
    """One pixel in ten carries a field of hundreds of gauss, and the zero is off by 1 G.

    The width of n = 90 000 normal values cut at 1.5 standard deviations is known to about
    sqrt(2.7 / n) = .5 %; strong pixels in the core, .1 * 3 sigma / 150 G of all, add < 1 %.
    """
    rng = np.random.default_rng(1)
    values = rng.normal(1.0, sigma, (300, 300))
    strong = rng.random((300, 300)) < 0.1
    values[strong] += 300.0 * rng.standard_normal(np.count_nonzero(strong))
    assert noise_level(values.astype(np.float32)) == pytest.approx(sigma, rel=0.03)


def test_too_few_and_too_equal_pixels_tell_nothing() -> None:
    assert np.isnan(noise_level(np.arange(999.0)))
    assert np.isnan(noise_level(np.zeros(5000)))
