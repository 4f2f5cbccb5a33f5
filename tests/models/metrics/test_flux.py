"""Magnetic flux against geometry done by hand."""

import numpy as np
import pytest

from models.metrics import (
    active,
    binned,
    cosine,
    flux_agreement,
    signed_flux,
    signed_flux_error,
)
from models.metrics.flux import ARCSEC_CM


def test_cosine() -> None:
    assert cosine(np.array([0.0, 0.6, 0.8])).tolist() == pytest.approx([1.0, 0.8, 0.6])
    assert np.isnan(cosine(np.array([1.0, 1.2]))).all()


def test_an_arcsecond_is_725_km() -> None:
    assert pytest.approx(725.27, abs=0.01) == ARCSEC_CM / 1e5


def test_foreshortening_counts_twice() -> None:
    """A vertical field of 100 G at μ = .6 shows 60 G, on pixels that cover 1/.6 of the area."""
    radius, b_los = np.full((2, 2), 0.8), np.full((2, 2), 60.0)
    area = (0.5 * ARCSEC_CM) ** 2
    assert signed_flux(b_los, radius, 0.5) == pytest.approx(4 * 100.0 * area / 0.6)


def test_error_is_of_the_pixels_both_have() -> None:
    radius = np.array([[0.0, 0.0, 0.6, 1.1]])
    truth = np.array([[10.0, np.nan, 8.0, 5.0]])
    estimate = np.array([[12.0, 7.0, 6.0, 9.0]])
    # 2 G at μ = 1 and −2 G at μ = .8; the third is not measured, the fourth beyond the limb.
    expected = (2.0 - 2.0 / 0.8**2) * ARCSEC_CM**2
    assert signed_flux_error(estimate, truth, radius, 1.0) == pytest.approx(expected)
    inner = radius < 0.5
    assert signed_flux_error(estimate, truth, radius, 1.0, inner) == pytest.approx(2 * ARCSEC_CM**2)


def test_binned_needs_half_of_a_block() -> None:
    field = np.arange(16.0).reshape(4, 4)
    field[0, 0] = field[0, 3] = field[1, 2] = field[1, 3] = np.nan
    assert binned(field, size=2).tolist() == [
        [pytest.approx((1 + 4 + 5) / 3), pytest.approx(np.nan, nan_ok=True)],
        [pytest.approx(10.5), pytest.approx(12.5)],
    ]
    assert binned(np.ones((17, 9))).shape == (2, 1)


def test_the_pix2pixcc_table() -> None:
    rng = np.random.default_rng(1)
    truths = [k * rng.normal(size=(32, 32)) + k for k in (1.0, 2.0, 3.0)]
    masks = [np.ones((32, 32), bool)] * 3
    exact = flux_agreement([2 * t for t in truths], truths, masks)
    assert (exact.total_unsigned, exact.net, exact.pixels) == pytest.approx((1, 1, 1))
    assert exact.rmse == pytest.approx(np.sqrt(np.mean(np.square(truths))))
    reverse = flux_agreement([-t for t in truths], truths, masks)
    assert (reverse.total_unsigned, reverse.net, reverse.pixels) == pytest.approx((1, -1, -1))


def test_binning_forgives_what_happens_inside_a_block() -> None:
    rng = np.random.default_rng(2)
    truth = np.kron(rng.normal(size=(4, 4)), np.ones((8, 8)))
    shuffled = truth.reshape(4, 8, 4, 8)[:, ::-1].reshape(32, 32)
    wild = shuffled + 100.0 * (np.indices((32, 32)).sum(0) % 2 - 0.5)
    found = flux_agreement([wild], [truth], [np.ones((32, 32), bool)])
    assert found.pixels == pytest.approx(1)
    assert np.isnan(found.net)  # one image correlates with nothing


def test_active_blocks() -> None:
    truth = np.full((40, 64), 10.0)
    truth[:32, :32] = 51.0
    truth[5, 5] = np.nan
    chosen = active(truth)
    assert chosen.sum() == 32 * 32 - 1
    assert not chosen[5, 5]
    assert not active(np.full((8, 8), np.nan)).any()
