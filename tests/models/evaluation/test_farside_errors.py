"""Errors of several Suns, one of which errs out of all proportion."""

import numpy as np
import pytest

from models.evaluation.farside_errors import typical
from models.metrics import Calibration


def sun(stated: float, count: int, seed: int) -> Calibration:
    """Errors of 1 G, stated as *stated*."""
    error = np.random.default_rng(seed).standard_normal(count)
    return Calibration.of(error, np.full(count, stated), np.zeros(count))


def test_errors_come_out_as_stated() -> None:
    suns = {(f"sun-{n}", "with prior"): sun(2.0, 40_000, n) for n in range(3)}
    assert typical(suns) == pytest.approx(0.5, rel=0.01)


def test_suns_count_alike_however_they_err() -> None:
    suns = {(f"sun-{n}", "with prior"): sun(2.0, 10_000, n) for n in range(3)}
    suns["sun-3", "with prior"] = sun(0.25, 160_000, 3)
    assert typical(suns) == pytest.approx((0.5**3 * 4.0) ** 0.25, rel=0.02)
