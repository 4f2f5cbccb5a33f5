"""Sums by block give what the metrics give of the whole, and intervals besides."""

import numpy as np
import pytest
from patches import patch

from models.evaluation import figures
from models.evaluation.bootstrap import intervals
from models.evaluation.tally import Tally, blocks, tally
from models.metrics import Calibration, Moments, Spectra, extremes, gradient, repeatability, weak


def test_blocks_share_the_region_evenly() -> None:
    labels, count = blocks((130, 200))
    assert count == 2 * 3
    sizes = np.bincount(labels.ravel())
    assert sizes.sum() == 130 * 200
    assert sizes.max() <= 65 * 67
    assert blocks((10, 10))[1] == 1


def test_figures_of_all_blocks_are_those_of_the_region() -> None:
    scene = patch("a", 0, (160, 200))
    rng = np.random.default_rng(1)
    truth, radius = scene.field, scene.radius
    first, second = (truth + rng.normal(scale=5.0, size=truth.shape) for _ in range(2))
    sigma = np.full(truth.shape, 5.0)
    total = tally(truth, radius, [first, second], sigma).total
    few = weak(truth)
    denoised = figures.denoising(total)
    both = Moments.of(first, truth, few) + Moments.of(second, truth, few)
    assert denoised["PSNR"] == pytest.approx(both.psnr(200.0))
    assert denoised["σ_D"] == pytest.approx(repeatability(first, second, few))
    assert denoised["power 2–4 px"] == pytest.approx(100 * Spectra.of(first, truth).fine_power)
    claim = Calibration.of(first, sigma, truth)
    assert denoised["spread/skill"] == pytest.approx(claim.spread_skill)
    assert denoised["95 %"] == pytest.approx(100 * claim.coverage_95)
    enlarged = figures.superresolution(total)
    for kernel in (2, 8, 32):
        assert enlarged[f"extremes {kernel} px"] == pytest.approx(extremes(first, truth, kernel))
        assert enlarged[f"gradient {kernel} px"] == pytest.approx(gradient(first, truth, kernel))
    vertical = (first - truth).mean() / np.sqrt(1 - 0.5**2)
    assert enlarged["net radial flux"] == pytest.approx(vertical, abs=1e-4)


def test_every_figure_is_described() -> None:
    scene = patch("a", 0)
    total = tally(scene.field, scene.radius, [scene.field] * 2, np.ones(scene.field.shape)).total
    assert {*figures.denoising(total), *figures.superresolution(total)} == set(figures.KINDS)


def test_the_best_is_nearest_to_the_ideal() -> None:
    values = {"a": -2.0, "b": 1.5, "c": float("nan")}
    assert figures.best(values, "flux") == "b"
    assert figures.best(values, "PSNR") == "b"
    assert figures.best(values, "ρ") == "b"
    assert figures.best({"c": float("nan")}, "PSNR") is None


def test_intervals_are_as_wide_as_the_errors_are() -> None:
    """White errors of 1 G on n pixels: their mean is known to 1/√n."""
    rng = np.random.default_rng(0)
    truth = np.zeros((512, 512))
    radius = np.zeros(truth.shape)
    noisy = tally(truth, radius, [truth + rng.normal(size=truth.shape)])
    low, high = intervals(noisy, lambda total: {"net": total["all"].bias})["blocks"]["net"]
    assert high - low == pytest.approx(2 * 1.96 / 512, rel=0.35)  # of 64 blocks: 9 %, twice


def test_regions_that_differ_widen_their_interval_only() -> None:
    rng = np.random.default_rng(0)
    truth = np.zeros((256, 256))
    each = [
        tally(truth, truth, [shift + rng.normal(size=truth.shape)]) for shift in (-1.0, 0.0, 1.0)
    ]
    both = Tally.joined(each)
    assert both.regions == (16, 16, 16)
    found = intervals(both, lambda total: {"net": total["all"].bias})
    widths = {name: of["net"][1] - of["net"][0] for name, of in found.items()}
    assert widths["blocks"] < 0.05
    assert widths["regions"] > 1.0


def test_an_interval_of_nothing() -> None:
    truth = np.zeros((64, 64))
    found = intervals(tally(truth, truth, [truth]), lambda total: {"ρ": total["all"].correlation})
    assert np.isnan(found["blocks"]["ρ"]).all()
