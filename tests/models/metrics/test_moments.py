"""Agreement of two fields, against sums done by hand."""

import math

import numpy as np
import pytest

from models.metrics import Moments, strata, weak

TRUTH = np.array([1.0, -1.0, 3.0, -3.0])
ESTIMATE = np.array([2.0, -2.0, 4.0, -4.0])


def test_by_hand() -> None:
    found = Moments.of(ESTIMATE, TRUTH)
    # Σe² = 40, Σt² = 20, Σet = 28, no means; every difference is 1.
    assert found.correlation == pytest.approx(28 / math.sqrt(40 * 20))
    assert found.slope == pytest.approx(28 / 20)
    assert found.bias == 0
    assert found.rmse == pytest.approx(1)
    assert found.scatter == pytest.approx(1)
    assert found.nmse == pytest.approx(4 / 20)
    assert found.unsigned_flux_error == pytest.approx(12 / 8 - 1)
    assert found.psnr(200.0) == pytest.approx(20 * math.log10(200))


def test_a_shift_is_bias_and_no_scatter() -> None:
    found = Moments.of(TRUTH + 5, TRUTH)
    assert (found.bias, found.scatter) == (pytest.approx(5), pytest.approx(0, abs=1e-9))
    assert (found.correlation, found.slope) == (pytest.approx(1), pytest.approx(1))


def test_perfection_has_no_noise_to_speak_of() -> None:
    found = Moments.of(TRUTH, TRUTH)
    assert found.rmse == 0
    assert math.isinf(found.psnr(200.0))


def test_only_measured_and_chosen_pixels_count() -> None:
    estimate = np.append(ESTIMATE, [np.nan, 1e6, 7.0])
    truth = np.append(TRUTH, [1.0, 1.0, np.nan])
    mask = np.array([True] * 5 + [False, True])
    assert Moments.of(estimate, truth, mask).nmse == Moments.of(ESTIMATE, TRUTH).nmse


def test_nothing_to_judge_is_nan() -> None:
    found = Moments.of(TRUTH, TRUTH, np.zeros(4, bool))
    assert math.isnan(found.correlation)
    assert math.isnan(found.rmse)
    assert math.isnan(Moments.of(np.zeros(4), TRUTH).correlation)


def test_float32_fields_of_kilogauss_do_not_lose_a_tenth_of_a_gauss() -> None:
    truth = np.full(1_000_000, 3000.0, np.float32)
    truth[::2] = 3000.5
    assert Moments.of(truth + np.float32(0.25), truth).rmse == pytest.approx(0.25, rel=1e-3)


def test_labels_add_up_and_can_be_chosen_anew() -> None:
    labels = np.array([0, 0, 1, 1])
    parts = Moments.by_label(ESTIMATE, TRUTH, labels, 2)
    whole = Moments.of(ESTIMATE, TRUTH)
    assert parts.total.correlation == pytest.approx(whole.correlation)
    drawn = parts.weighted([[1, 1], [2, 0]])
    assert drawn.correlation[0] == pytest.approx(whole.correlation)
    assert drawn.slope[1] == pytest.approx(Moments.of(ESTIMATE[:2], TRUTH[:2]).slope)
    joined = Moments.joined([parts, parts])
    assert joined.total.slope == pytest.approx(whole.slope)
    assert (parts + parts).total.n == 8


def test_strata() -> None:
    truth = np.array([50.0, -100.0, 600.0, -2000.0, np.nan, 101.0])
    radius = np.array([0.5, 0.7, 0.95, 0.6, 0.1, 2 / 3])
    named = strata(truth, radius)
    assert named["all"].tolist() == [True, True, True, True, False, True]
    assert named["r ≤ 2/3"].tolist() == [True, False, False, True, False, True]
    assert named["r ≤ .9"].tolist() == [True, True, False, True, False, True]
    assert named["≥ 600 G"].tolist() == [False, False, True, True, False, False]
    assert named["< 600 G"].tolist() == [True, True, False, False, False, True]
    assert weak(truth).tolist() == [True, True, False, False, False, False]
