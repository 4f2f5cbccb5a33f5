"""Extremes, gradients and similarity, against cases done by hand."""

import numpy as np
import pytest

from models.metrics import extreme_cells, extremes, gradient, ssim


def test_extremes_compare_the_largest_with_its_sign() -> None:
    truth = np.array([[1.0, 5.0, -1.0, -2.0], [2.0, 3.0, -7.0, -4.0]])
    estimate = np.array([[0.0, 0.0, -3.0, -9.0], [4.5, 0.0, -9.0, -9.0]])
    # 5 against 4.5, −1 against −3
    assert extreme_cells(estimate, truth, 2).tolist() == [[0.5, 2.0]]
    assert extremes(estimate, truth, 2) == pytest.approx(1.25)


def test_kernels_with_gaps_are_left_out() -> None:
    truth, estimate = np.zeros((2, 5)), np.ones((2, 5))
    truth[0, 0] = np.nan
    assert extreme_cells(estimate, truth, 2)[0, 1] == 1.0
    assert extremes(estimate, truth, 2) == 1.0
    mask = np.zeros((2, 5), bool)
    assert np.isnan(extremes(estimate, truth, 2, mask))
    assert np.isnan(gradient(estimate, truth, 8))


@pytest.mark.parametrize("kernel", [2, 4, 8])
def test_a_ramp_has_its_slope_as_gradient(kernel: int) -> None:
    y, x = np.indices((64, 64), dtype=float)
    ramp = 3.0 * x + 4.0 * y
    found = gradient(ramp, np.zeros((64, 64)), kernel)
    # Sobel is halved along the edges, so the mean over n × n kernels stays a little below 5.
    n = 64 // kernel
    assert 5.0 * (1 - 4 / n) < found < 5.0
    assert gradient(ramp + 7.0, ramp, kernel) == 0.0


def test_gradient_of_the_middle_is_exact() -> None:
    from models.metrics import gradient_cells

    ramp = np.indices((32, 32), dtype=float)[1] * 3.0
    assert gradient_cells(ramp, np.zeros((32, 32)), 4)[2:-2, 2:-2] == pytest.approx(3.0)


def test_similarity() -> None:
    rng = np.random.default_rng(0)
    truth = 40.0 * rng.normal(size=(48, 48))
    assert ssim(truth, truth, 100.0) == pytest.approx(1.0)
    assert ssim(-truth, truth, 100.0) < 0
    # Two flat fields differ by the luminance term alone, counted from −100 G.
    a, b = np.full((48, 48), 50.0), np.full((48, 48), 25.0)
    c1 = (0.01 * 200.0) ** 2
    expected = (2 * 150 * 125 + c1) / (150**2 + 125**2 + c1)
    assert ssim(a, b, 100.0) == pytest.approx(expected, rel=1e-6)


def test_similarity_sees_nothing_beyond_the_limit_nor_through_gaps() -> None:
    rng = np.random.default_rng(0)
    truth = 40.0 * rng.normal(size=(48, 48))
    strong = truth.copy()
    strong[20:28, 20:28] = 900.0
    stronger = strong.copy()
    stronger[20:28, 20:28] = 2000.0
    assert ssim(stronger, strong, 100.0) == pytest.approx(1.0)
    gap = truth.copy()
    gap[10, 10] = np.nan
    wrong = truth.copy()
    wrong[10, 10] = 100.0
    assert ssim(wrong, gap, 100.0) == pytest.approx(1.0)


def test_a_map_of_zeros_is_similar_to_a_quiet_sun() -> None:
    """Why SSIM is never shown alone (Sayez et al. 2025)."""
    quiet = np.random.default_rng(3).normal(scale=0.5, size=(64, 64))
    assert ssim(np.zeros((64, 64)), quiet, 100.0) > 0.8
