"""Power and coherence of fields whose spectra are known."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from models.metrics import FREQUENCIES, Spectra


def white(seed: int, size: int = 512) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(size, size))


def test_noise_on_noise() -> None:
    """Truth of variance 4 under noise of variance 1: γ² = 4/5, 5/4 of the power, all scales."""
    truth = 2.0 * white(0)
    found = Spectra.of(truth + white(1), truth)
    assert found.coherence == pytest.approx(np.full(16, 0.8), abs=0.02)
    assert found.transfer == pytest.approx(np.full(16, 1.25), abs=0.1)
    assert found.fine_power == pytest.approx(1.25, abs=0.02)
    assert found.fine_coherent_power == pytest.approx(1.0, abs=0.02)
    assert found.resolution == 2.0


def test_invention_has_power_and_no_coherence() -> None:
    found = Spectra.of(white(0), white(1))
    assert found.fine_power == pytest.approx(1.0, abs=0.02)
    assert found.fine_coherent_power < 0.001
    assert np.isnan(found.resolution)


def test_a_blur_keeps_coherence_and_loses_power_as_its_transfer_says() -> None:
    truth = white(2)
    found = Spectra.of(gaussian_filter(truth, 1.0, mode="wrap"), truth)
    expected = np.exp(-((2 * np.pi * FREQUENCIES) ** 2))  # exp(−k²σ²), squared
    assert found.transfer[:8] == pytest.approx(expected[:8], rel=0.12)
    # A ring is 1/32 px⁻¹ wide and the spectrum steep: across it the transfer is not one number.
    assert (found.coherence[:8] > 0.95).all()


def test_resolvability_is_where_signal_and_noise_are_equal() -> None:
    """A blurred truth under white noise: γ² falls to ½ where its power equals the noise."""
    sharp = white(3)
    truth = gaussian_filter(sharp, 1.0, mode="wrap")
    noise = 0.1
    found = Spectra.of(truth + noise * white(4), truth)
    frequency = np.sqrt(-np.log(noise**2)) / (2 * np.pi)
    assert found.resolution == pytest.approx(1 / frequency, rel=0.05)


def test_windows_with_gaps_are_left_out() -> None:
    truth = white(5, 128)
    estimate = truth.copy()
    estimate[40:44, 40:44] = 1e6
    gap = truth.copy()
    gap[40:44, 40:44] = np.nan
    assert Spectra.of(estimate, gap).coherence == pytest.approx(np.ones(16))
    assert Spectra.of(truth[:20], truth[:20]).e.sum() == 0.0


def test_labels_of_the_middle() -> None:
    truth = white(6, 128)
    labels = (np.indices((128, 128))[1] >= 64).astype(np.intp)
    parts = Spectra.by_label(truth, truth, labels, 2)
    assert parts.e.shape == (2, 16)
    assert parts.total.e == pytest.approx(Spectra.of(truth, truth).e)
    twice = parts.weighted([2.0, 0.0])
    assert twice.e == pytest.approx(2 * parts.e[0])
    assert twice.fine_power == pytest.approx(1.0)
