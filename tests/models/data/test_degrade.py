"""Noise has the strength and correlation asked for; a telescope keeps the flux."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scenes import textured

from models.data import degrade

RNG = np.random.default_rng


@pytest.mark.parametrize("kernel", [0.0, 0.45, 0.65, 1.5])
def test_noise_has_the_standard_deviation_asked_for_up_to_its_edges(kernel: float) -> None:
    shape = (1200, 1000)
    noise = degrade.noise(shape, 10.2, kernel, RNG(0))
    # Neighbours within the kernel are not independent; 4 pi kernel² of them count as one.
    independent = shape[0] * shape[1] / max(1.0, 4 * math.pi * kernel**2)
    assert noise.std() == pytest.approx(10.2, rel=5 / math.sqrt(2 * independent))
    edge = np.concatenate([noise[0], noise[-1]])
    independent = edge.size / max(1.0, 2 * math.sqrt(math.pi) * kernel)
    assert edge.std() == pytest.approx(10.2, rel=5 / math.sqrt(2 * independent))


@pytest.mark.parametrize("kernel", [0.45, 0.65, 1.5])
def test_noise_correlates_as_its_kernel_does_with_itself(kernel: float) -> None:
    noise = degrade.noise((1500, 1500), 1.0, kernel, RNG(1))
    x = np.arange(-12, 13)
    weights = np.exp(-0.5 * (x / kernel) ** 2)
    expected = np.sum(weights[1:] * weights[:-1]) / np.sum(weights**2)
    assert np.mean(noise[:, 1:] * noise[:, :-1]) == pytest.approx(expected, abs=0.01)


def test_correlation_of_real_frames_is_that_of_a_kernel_of_45_hundredths() -> None:
    """science.md §10: .12 along one axis and .22 along the other in a 45 s cutout."""
    noise = degrade.noise((1500, 1500), 1.0, 0.45, RNG(2))
    assert 0.12 < np.mean(noise[1:] * noise[:-1]) < 0.22


def test_noise_follows_a_map_of_levels() -> None:
    levels = np.repeat(np.array([[2.0], [20.0]], np.float32), 500_000, axis=1)
    noise = degrade.noise((2, 500_000), levels, 0.0, RNG(3))
    np.testing.assert_allclose(noise.std(axis=1), [2.0, 20.0], rtol=0.005)


def test_level_grows_by_18_per_cent_to_the_limb() -> None:
    radius = np.array([[0.0, 0.6, 1.0]], np.float32)
    np.testing.assert_allclose(degrade.level(radius, 10.0), [[10.0, 10.36, 11.8]], rtol=1e-6)


def test_telescope_keeps_flux_but_for_its_calibration() -> None:
    scene = textured()
    coarse = degrade.telescope(scene.field, 0.5, 5.0, 4, 0.7, 0.0, 0.0, RNG(0))
    assert coarse.shape == (24, 32)
    # Reflected at the edges, a blur moves flux but loses none.
    flux = scene.field.sum(dtype=np.float64)
    assert 16 * coarse.sum(dtype=np.float64) == pytest.approx(
        0.7 * flux, abs=1e-5 * float(np.abs(scene.field).sum())
    )


def test_telescope_blurs_a_wave_as_a_gaussian_does() -> None:
    """exp(-2 pi² sigma² k²) times the sinc of the pixel."""
    period, fwhm, factor = 32, 5.0, 4
    x = np.arange(256)
    wave = np.tile(np.cos(2 * np.pi * x / period), (64, 1)).astype(np.float32)
    coarse = degrade.telescope(wave, 0.5, fwhm, factor, 1.0, 0.0, 0.0, RNG(0))
    sigma = fwhm / math.sqrt(8 * math.log(2)) / 0.5
    blur = math.exp(-2 * (math.pi * sigma / period) ** 2)
    box = math.sin(math.pi * factor / period) / (factor * math.sin(math.pi / period))
    inner = coarse[4:-4, 8:-8]  # whole periods of eight coarse pixels, away from the edges
    assert math.sqrt(2) * inner.std() == pytest.approx(blur * box, rel=1e-3)


def test_what_is_not_measured_stays_so() -> None:
    field = textured().field.copy()
    field[:40] = np.nan
    coarse = degrade.telescope(field, 0.5, 5.0, 4, 0.7, 3.0, 0.0, RNG(0))
    np.testing.assert_array_equal(np.isnan(coarse[:, 0]), np.arange(24) < 10)
