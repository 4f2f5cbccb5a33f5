"""Differences between two answers, in gauss, and what they may be."""

import json
from pathlib import Path

import numpy as np
import pytest

from pipeline.core import Quantity
from pipeline.enhance.card import Output
from pipeline.enhance.parity import BOUNDS, Arrays, Parity, measure, save

OUTPUT = Output(quantity=Quantity.B_LOS, scale=1000.0)
FIELD = np.random.default_rng(0).normal(0.0, 0.1, (1, 1, 1, 64, 64)).astype(np.float32)


def answer(mean: np.ndarray, **others: np.ndarray) -> Arrays:
    return {"mean": mean.astype(np.float32), **others}


def test_an_equal_answer_does_not_differ() -> None:
    found = measure(answer(FIELD), answer(FIELD), OUTPUT)
    assert found.correlation == pytest.approx(0.0, abs=1e-12)
    assert (found.spread, found.flux, found.largest) == (0.0, 0.0, 0.0)
    assert not found.beyond(BOUNDS)


def test_differences_are_in_gauss() -> None:
    one_pixel = FIELD.copy()
    one_pixel[..., 5, 7] += 0.003  # 3 G
    found = measure(answer(one_pixel), answer(FIELD), OUTPUT)
    assert found.largest == pytest.approx(3.0, rel=1e-4)
    assert found.beyond(BOUNDS) == "largest 3 G (at most 2 G)"


def test_a_network_that_is_too_strong_has_more_flux_and_spread_at_a_perfect_correlation() -> None:
    found = measure(answer(1.01 * FIELD), answer(FIELD), OUTPUT)
    assert found.flux == pytest.approx(0.01, rel=1e-4)
    assert found.spread == pytest.approx(0.01 * 1000 * FIELD.std(), rel=1e-3)
    assert found.correlation < 1e-6
    assert "flux 0.01 (at most 0.001)" in found.beyond(BOUNDS)
    assert "spread" in found.beyond(BOUNDS)


def test_noise_lowers_the_correlation() -> None:
    noise = np.random.default_rng(1).normal(0.0, 0.01, FIELD.shape)
    found = measure(answer(FIELD + noise), answer(FIELD), OUTPUT)
    # 1 - ρ of a signal with independent noise of a tenth: 1 - 1/sqrt(1 + .01)
    assert found.correlation == pytest.approx(1 - 1 / np.sqrt(1.01), rel=0.1)


def test_nothing_is_hidden_by_values_that_are_not_numbers() -> None:
    broken = FIELD.copy()
    broken[..., 0, 0] = np.nan
    beyond = measure(answer(broken), answer(FIELD), OUTPUT).beyond(BOUNDS)
    assert beyond.count("nan") == 4


def test_constant_answers_can_be_compared() -> None:
    zero = answer(np.zeros((1, 1, 1, 8, 8)))
    assert measure(zero, zero, OUTPUT) == Parity(0.0, 0.0, 0.0, 0.0)
    one = answer(np.ones((1, 1, 1, 8, 8)))
    assert measure(one, zero, OUTPUT).beyond(BOUNDS)


def test_a_standard_error_that_differs_counts_as_spread() -> None:
    output = OUTPUT.model_copy(update={"uncertainty": "log_variance"})
    pair = [
        answer(FIELD, log_variance=np.full(FIELD.shape, 2 * np.log(sigma), np.float32))
        for sigma in (0.010, 0.011)
    ]
    assert measure(pair[0], pair[1], output).spread == pytest.approx(1.0, rel=1e-3)  # gauss


def test_the_spread_of_samples_is_their_standard_error() -> None:
    output = OUTPUT.model_copy(update={"uncertainty": "samples"})
    offsets = np.array([-1.0, 1.0], np.float32).reshape(1, 1, 2, 1, 1)
    pair = [answer(FIELD, samples=FIELD + width * offsets) for width in (0.010, 0.012)]
    assert measure(pair[0], pair[1], output).spread == pytest.approx(2.0, rel=1e-3)  # gauss


def test_what_was_measured_is_left_whole(tmp_path: Path) -> None:
    folder = tmp_path / "engines" / "cpu"
    save(Parity(1e-6, 0.001, 1e-5, 0.5), "cpu fp32", folder)
    save(Parity(1e-6, 0.001, 1e-5, 0.25), "cpu fp32", folder)
    assert [path.name for path in folder.iterdir()] == ["parity.json"]
    left = json.loads((folder / "parity.json").read_text())
    assert (left["provider"], left["largest"]) == ("cpu fp32", 0.25)
