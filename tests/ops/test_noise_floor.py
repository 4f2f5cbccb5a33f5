"""The noise that a truth surely holds, and how near to such a truth anybody can come."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from models.data import Scene, degrade
from models.evaluation.trials import Noise
from ops.noise_floor import FINE, SIDE, at_least, floor, frequency, noisier, of_noise, spectrum
from ops.noise_floor import windows as quietest

SHAPE = 512, 512
OWN = Noise(3.0, 0.6)


def noise(of: Noise, seed: int) -> np.ndarray:
    return degrade.noise(SHAPE, of.sigma, of.kernel, np.random.default_rng(seed))


def quiet(field: np.ndarray, share: float = 1.0) -> np.ndarray:
    cuts = list(quietest(field))
    return spectrum(field, cuts[: round(share * len(cuts))])


def scene(field: np.ndarray) -> Scene:
    return Scene(field, np.zeros_like(field), 0.5, "sharp-1", datetime(2025, 1, 1, tzinfo=UTC))


@pytest.mark.parametrize("added", [Noise(10.2, 0.0), Noise(6.3, 0.45), Noise(10.2, 0.65)])
def test_the_floor_is_what_the_best_filter_reaches_and_no_other(added: Noise) -> None:
    """By Wiener's filter on noise of known spectra, whose error is measured."""
    square = SHAPE[0] // SIDE
    powers = [np.kron(of_noise(of), np.ones((square, square))) for of in (OWN, added)]
    rng = np.random.default_rng(0)
    own, other = (np.fft.fft2(rng.standard_normal(SHAPE)) * np.sqrt(p) for p in powers)
    gain = powers[0] / (powers[0] + powers[1])

    def error(factor: float) -> float:
        return float(np.mean(np.fft.ifft2(factor * gain * (own + other) - own).real ** 2))

    assert error(1.0) == pytest.approx(floor(of_noise(OWN), of_noise(added)), rel=0.02)
    assert min(error(0.8), error(1.2)) > error(1.0)


def test_of_two_noises_that_are_alike_half_the_power_stays() -> None:
    assert floor(of_noise(OWN), of_noise(OWN)) == pytest.approx(OWN.sigma**2 / 2)


def test_spectra_are_those_of_the_noise() -> None:
    found, wanted = quiet(noise(OWN, 1)), of_noise(OWN)
    assert found.mean() == pytest.approx(OWN.sigma**2, rel=0.03)
    middle = frequency((SIDE, SIDE)) < FINE
    np.testing.assert_allclose(found[middle].sum(), wanted[middle].sum(), rtol=0.03)


def test_the_sun_is_not_taken_for_noise() -> None:
    """Coarse structure, in places strong, changes nothing; noise below it counts less."""
    rng = np.random.default_rng(2)
    coarse = 60.0 * gaussian_filter(rng.standard_normal(SHAPE), 2.5)
    strong = coarse * np.linspace(0.0, 20.0, SHAPE[1]) ** 2
    plain = noise(OWN, 1)
    alone, under = at_least(quiet(plain)), at_least(quiet(plain + strong, 0.1))
    assert under.mean() == pytest.approx(alone.mean(), rel=0.1)
    assert alone.mean() < 0.8 * OWN.sigma**2


def test_a_truth_made_noisier_is_as_noisy_as_was_wanted() -> None:
    old, own = quiet(noise(Noise(4.5, 0.6), 3)), quiet(noise(OWN, 4))
    field = noise(OWN, 5)
    made = noisier(scene(field), old, own)
    fine = frequency((SIDE, SIDE)) > FINE
    assert quiet(made.field)[fine].mean() == pytest.approx(old[fine].mean(), rel=0.05)
    same = noisier(replace(made, field=field), own, own)
    np.testing.assert_array_equal(same.field, field)
