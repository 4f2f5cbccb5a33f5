"""What is judged: anything that turns a degraded field into an estimate with its error."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from models.baselines import Baseline
from models.metrics.summed import Floats

__all__ = ["Method", "Predict", "of_baseline"]


class Predict(Protocol):
    """A denoiser or super-resolver."""

    def __call__(self, field: Floats, radius: Floats, /) -> tuple[Floats, Floats | None]:
        """Mean and, where known, standard deviation (f h, f w), gauss.

        field : (h, w), gauss, NaN where nothing is measured
        radius : (h, w), distance from the disk's centre in its radii
        """
        ...


@dataclass(frozen=True, slots=True)
class Method:
    """A row of the table; *remark* says how it was tuned, or why it cannot run."""

    name: str
    remark: str
    predict: Predict | None


def of_baseline(baseline: Baseline) -> Method:
    """A classical filter as a row."""
    return Method(baseline.name, baseline.setting, baseline.apply and _predict(baseline.apply))


def _predict(apply: Callable[[Floats], Floats]) -> Predict:
    def predict(field: Floats, radius: Floats, /) -> tuple[Floats, None]:
        return apply(field), None

    return predict
