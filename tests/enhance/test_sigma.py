"""One standard error per pixel from what networks say, by numbers worked out by hand."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from pipeline.core import Quantity
from pipeline.enhance.card import Output
from pipeline.enhance.sigma import in_gauss


def answer(mean: Any, log_variance: Any = None, samples: Any = None) -> Any:
    """Values of one pixel: by member, and for samples by member and sample."""

    def pixel(values: Any) -> Any:
        array = np.asarray(values, np.float32)
        return array[..., np.newaxis, np.newaxis]

    return SimpleNamespace(
        mean=pixel(mean),
        log_variance=None if log_variance is None else pixel(log_variance),
        samples=None if samples is None else pixel(samples),
    )


@pytest.mark.parametrize(
    ("given", "uncertainty", "mean", "sigma"),
    [
        # One member that says nothing.
        (answer([0.5]), "none", 50.0, None),
        # exp(2 ln .3) = .09
        (answer([0.5], [2 * np.log(0.3)]), "log_variance", 50.0, 100 * 0.3),
        # Samples 1, 2, 6 about their mean 3: (4 + 1 + 9) / 2 = 7
        (answer([0.5], None, [[1.0, 2.0, 6.0]]), "samples", 50.0, 100 * 7**0.5),
        # Means 1 and 3 about 2: (1 + 1) / 2 = 1
        (answer([1.0, 3.0]), "none", 200.0, 100.0),
        # … and within the members (4 + 10) / 2 = 7
        (answer([1.0, 3.0], np.log([4.0, 10.0])), "log_variance", 200.0, 100 * 8**0.5),
        # … and samples 0, 2 and 3, 7: (2 + 8) / 2 = 5
        (answer([1.0, 3.0], None, [[0.0, 2.0], [3.0, 7.0]]), "samples", 200.0, 100 * 6**0.5),
    ],
)
def test_total_variance(given: Any, uncertainty: Any, mean: float, sigma: float | None) -> None:
    for factor in (1.0, 1.5):
        output = Output(
            quantity=Quantity.B_LOS, scale=100.0, sigma_scale=factor, uncertainty=uncertainty
        )
        centre, error = in_gauss(given, output)
        assert centre.item() == pytest.approx(mean)
        if sigma is None:
            assert error is None
        else:
            assert error is not None
            assert error.item() == pytest.approx(factor * sigma, rel=1e-6)
            assert error.dtype == np.float32


def test_a_variance_beyond_all_numbers_stays_a_number() -> None:
    output = Output(quantity=Quantity.B_LOS, scale=100.0, uncertainty="log_variance")
    _, error = in_gauss(answer([0.0, 0.0], [1e4, -1e4]), output)
    assert error is not None
    assert np.isfinite(error).all()
