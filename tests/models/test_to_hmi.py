"""The shipped super-resolvers on a region they were not trained on, held to what they are for."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from models.baselines import enlarged
from models.data import SHARPS, Scene, sharp, split
from models.evaluation import figures
from models.evaluation.estimates import Method, of_network
from models.evaluation.trials import GONG, MDI, Camera, examine
from models.metrics.summed import Floats
from pipeline.enhance.registry import WEIGHTS, find

NAMES = {"GONG": "gong-to-hmi", "MDI": "mdi-to-hmi"}

trials = pytest.mark.parametrize("trial", [GONG, MDI], ids=lambda trial: trial.instrument)


@pytest.fixture
def network(trial: Camera) -> Method:
    return of_network(find(WEIGHTS, NAMES[trial.instrument]))


@pytest.fixture(scope="module")
def region(real_archive: Path) -> list[Scene]:
    """The region that choices were made on; the two of the final table stay out of tests."""
    return split(sharp.scenes(real_archive / "extra" / "sharp"), SHARPS)["validation"]


def judged(region: list[Scene], trial: Camera, method: Method) -> dict[str, float]:
    tally = examine(region, trial, method)
    assert tally is not None
    return {name: float(value) for name, value in figures.superresolution(tally.total).items()}


@trials
def test_detail_flux_and_sigma_hold(trial: Camera, network: Method, region: list[Scene]) -> None:
    def bicubic(field: Floats, radius: Floats, noise: float) -> tuple[Floats, None]:
        return enlarged(field, trial.factor) / trial.scale, None

    found, before = (judged(region, trial, m) for m in (network, Method("", "", bicubic)))
    for name in ("ρ", "ρ < 600 G"):  # a third of what bicubic leaves unexplained
        assert 1.0 - found[name] ** 2 < 2.0 / 3.0 * (1.0 - before[name] ** 2)
    assert found["extremes 8 px"] < before["extremes 8 px"]
    assert found["resolves"] < before["resolves"]
    assert abs(found["net flux"]) < 0.3
    assert abs(found["flux"]) < 1.0
    assert 0.9 < found["spread/skill"] < 1.1
    assert 93.0 < found["95 %"] < 97.0


@trials
def test_nothing_gives_nothing_and_opposites_give_opposites(trial: Camera, network: Method) -> None:
    assert network.predict is not None
    radius = np.zeros((40, 52), np.float32)
    nothing, _ = network.predict(np.zeros_like(radius), radius, trial.sigma)
    assert np.abs(nothing).max() < 1e-3
    field = np.random.default_rng(0).normal(0.0, 100.0, radius.shape).astype(np.float32)
    one, sigma = network.predict(field, radius, trial.sigma)
    other, same = network.predict(-field, radius, trial.sigma)
    np.testing.assert_allclose(one, -other, atol=1e-2)
    np.testing.assert_allclose(sigma, same, rtol=1e-3)


@trials
def test_a_gap_changes_nothing_beyond_the_receptive_field(trial: Camera, network: Method) -> None:
    assert network.predict is not None
    reach = find(WEIGHTS, NAMES[trial.instrument]).card.receptive_field
    field = np.random.default_rng(0).normal(0.0, 20.0, (40, 80)).astype(np.float32)
    radius = np.full_like(field, 0.5)
    gap = field.copy()
    gap[:, :16] = np.nan
    whole, _ = network.predict(field, radius, trial.sigma)
    holed, _ = network.predict(gap, radius, trial.sigma)
    far = np.s_[:, trial.factor * (16 + reach + 1) :]
    np.testing.assert_allclose(holed[far], whole[far], atol=1e-2)
    assert np.isfinite(holed[:, trial.factor * 16 :]).all()
