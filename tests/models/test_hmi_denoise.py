"""The shipped denoiser on a region that it was not trained on, held to what it was made for."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from models.data import SHARPS, Scene, sharp, split
from models.evaluation import figures
from models.evaluation.estimates import Method, of_network
from models.evaluation.trials import DENOISING, Noise, examine
from models.metrics.summed import Floats
from pipeline.enhance.registry import WEIGHTS, find


@pytest.fixture(scope="module")
def denoiser() -> Method:
    return of_network(find(WEIGHTS, "hmi-denoise"))


@pytest.fixture(scope="module")
def region(real_archive: Path) -> list[Scene]:
    """The region that choices were made on; the two of the final table stay out of tests."""
    return split(sharp.scenes(real_archive / "extra" / "sharp"), SHARPS)["validation"]


@pytest.mark.parametrize("trial", DENOISING, ids=lambda trial: trial.name)
def test_whatever_the_correlation_flux_slope_detail_and_sigma_hold(
    trial: Noise, denoiser: Method, region: list[Scene]
) -> None:
    tally = examine(region, trial, denoiser)
    assert tally is not None
    found = figures.denoising(tally.total)
    assert abs(found["flux weak"]) < 2.0
    assert abs(found["flux"]) < 2.0
    assert abs(found["slope > 100 G"] - 1.0) < 0.02
    assert found["power 2–4 px"] > 30.0
    assert 0.9 < found["spread/skill"] < 1.1
    assert 93.0 < found["95 %"] < 97.0


def test_a_gap_changes_nothing_beyond_the_receptive_field(denoiser: Method) -> None:
    rng = np.random.default_rng(0)
    reach = find(WEIGHTS, "hmi-denoise").card.receptive_field
    field: Floats = rng.normal(0.0, 10.0, (160, 200)).astype(np.float32)
    radius = np.zeros_like(field)
    gap = field.copy()
    gap[:, :40] = np.nan
    assert denoiser.predict is not None
    whole, _ = denoiser.predict(field, radius, 10.0)
    holed, _ = denoiser.predict(gap, radius, 10.0)
    far = slice(40 + reach + 1, None)
    np.testing.assert_allclose(holed[:, far], whole[:, far], atol=1e-2)
    assert np.isfinite(holed).all()
