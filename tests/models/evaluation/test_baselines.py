"""Filters that must find what is there to be found."""

import importlib.util

import numpy as np
import pytest
from patches import patch
from scipy.ndimage import gaussian_filter

from models.baselines import Pair, block_matching, denoisers, gaussian, superresolvers
from models.data import degrade
from models.metrics import Moments, weak

SIGMA = 10.0


def noisy_pair(seed: int, kernel: float = 0.0) -> Pair:
    truth = patch("a", seed, (64, 64)).field
    rng = np.random.default_rng(seed + 100)
    return Pair(truth + degrade.noise((64, 64), SIGMA, kernel, rng), truth)


def errors(kernel: float) -> dict[str, float]:
    """RMS error on weak fields of filters tuned on one pair, on another, by name."""
    tuned = denoisers([noisy_pair(0, kernel)], SIGMA, kernel)
    other = noisy_pair(1, kernel)
    few = weak(other.truth)
    return {
        b.name: float(Moments.of(b.apply(other.degraded), other.truth, few).rmse)
        for b in tuned
        if b.apply
    }


@pytest.fixture
def without_bm3d(monkeypatch: pytest.MonkeyPatch) -> None:
    find = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name == "bm3d" else find(name)
    )


@pytest.mark.usefixtures("without_bm3d")
@pytest.mark.parametrize("kernel", [0.0, 0.45])
def test_every_filter_beats_the_noise_it_was_tuned_to(kernel: float) -> None:
    found = errors(kernel)
    names = ["zero", "identity", "Gaussian", "median", "bilateral", "wavelet", "non-local means"]
    assert list(found) == names
    truth = noisy_pair(1).truth
    assert found.pop("zero") == pytest.approx(np.sqrt((truth[weak(truth)] ** 2).mean()), rel=1e-4)
    assert found.pop("identity") == pytest.approx(SIGMA, rel=0.1)
    assert all(value < SIGMA for value in found.values()), found


@pytest.mark.usefixtures("without_bm3d")
def test_block_matching_that_is_not_installed_says_how_to_get_it() -> None:
    last = denoisers([noisy_pair(0)], SIGMA, 0.0)[-1]
    assert (last.name, last.apply) == ("BM3D", None)
    assert "pip install bm3d" in last.setting


def test_block_matching_gains_from_the_true_spectrum() -> None:
    pytest.importorskip("bm3d", reason="BM3D is not installed (pip install bm3d)")
    pair = noisy_pair(1, kernel=0.65)
    error = {
        b.name: Moments.of(b.apply(pair.degraded), pair.truth, weak(pair.truth)).rmse
        for b in block_matching([noisy_pair(0, kernel=0.65)], SIGMA, 0.65)
    }
    assert error["BM3D, true spectrum"] < error["BM3D, white"] < SIGMA
    assert not hasattr(np, "trapz")  # what was lent was taken back


def test_the_best_blur_is_a_wide_one_where_the_field_is_smooth() -> None:
    rng = np.random.default_rng(0)

    def width(scale: float) -> float:
        truth = 20.0 * gaussian_filter(rng.normal(size=(128, 128)), scale) * scale
        return float(
            gaussian([Pair(truth + rng.normal(size=truth.shape), truth)]).setting.split()[0]
        )

    assert width(1.0) < width(4.0)


def test_scale_and_filter_of_a_camera_are_found() -> None:
    """Of a smooth field at half its size the scale is exact; the linear filter undoes a blur."""
    rng = np.random.default_rng(0)
    truth = 100.0 * gaussian_filter(rng.normal(size=(128, 160)), 6.0)
    coarse = 0.5 * degrade.binned(truth.astype(np.float32), 4)
    found = {b.name: b for b in superresolvers([Pair(coarse, truth)], 4, 0.7)}
    assert float(found["bicubic, fitted"].setting[2:]) == pytest.approx(0.5, rel=0.02)
    inner = np.s_[16:-16, 16:-16]
    error = {
        name: Moments.of(b.apply(coarse)[inner], truth[inner]).rmse for name, b in found.items()
    }
    assert error["linear 9×9"] < error["bicubic, fitted"] < error["bicubic, published"]
    assert error["zero"] == pytest.approx(np.sqrt((truth[inner] ** 2).mean()))
    assert found["linear 9×9"].apply(coarse).shape == truth.shape


def test_enlarging_keeps_places() -> None:
    """A ramp stays the same ramp: coarse pixels are means, not points at corners."""
    ramp = np.indices((64, 64), dtype=float)[1]
    bicubic = superresolvers([Pair(degrade.binned(ramp, 4), ramp)], 4, 1.0)[1]
    inner = np.s_[:, 24:-24]  # at 6 coarse pixels a spline has forgotten the edge to .27⁶
    assert bicubic.apply(degrade.binned(ramp, 4))[inner] == pytest.approx(ramp[inner], abs=0.01)
