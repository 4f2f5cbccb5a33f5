"""Noise of frames whose noise is known."""

import numpy as np
import pytest

from models.metrics import noise_by_place, noise_level, repeatability


def test_noise_below_a_strong_field() -> None:
    rng = np.random.default_rng(0)
    field = rng.normal(scale=9.0, size=(400, 400))
    field[:60] += rng.normal(scale=400.0, size=(60, 400))  # 15 % of active Sun
    assert noise_level(field) == pytest.approx(9.0, rel=0.03)
    assert np.std(field) > 100.0


def test_blur_games_the_level_but_a_mask_does_not_change_it() -> None:
    rng = np.random.default_rng(1)
    field = rng.normal(scale=6.0, size=(300, 300))
    field[:, :150] = np.nan
    assert noise_level(field) == pytest.approx(6.0, rel=0.03)
    assert np.isnan(noise_level(field, np.zeros(field.shape, bool)))


def test_repeatability_is_the_noise_that_two_frames_do_not_share() -> None:
    rng = np.random.default_rng(2)
    sun = 300.0 * rng.normal(size=(400, 400))
    first, second = (sun + rng.normal(scale=4.0, size=sun.shape) for _ in range(2))
    assert repeatability(first, second) == pytest.approx(4.0, rel=0.01)
    assert repeatability(first, first + 10.0) == pytest.approx(0.0, abs=1e-6)


def test_centre_and_limb() -> None:
    rng = np.random.default_rng(3)
    y, x = np.indices((400, 400)) - 199.5
    radius = np.hypot(x, y) / 190.0
    sigma = np.where(radius < 0.5, 5.0, 8.0)
    field = np.where(radius < 1.0, sigma * rng.normal(size=radius.shape), np.nan)
    found = noise_by_place(field, radius)
    assert found["centre"] == pytest.approx(5.0, rel=0.04)
    assert found["limb"] == pytest.approx(8.0, rel=0.04)
