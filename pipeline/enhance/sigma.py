"""From what networks say of their own errors to one standard error per pixel.

Knows: logarithms of variances, Monte-Carlo samples, ensembles. Refuses to know: tiles,
where on the Sun a pixel lies.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pipeline.enhance.card import Output
from pipeline.enhance.runtime import Answer

Plane = NDArray[np.float32]

LARGEST = 80.0  # of the logarithm of a variance either way; float32 ends at 88


def in_gauss(answer: Answer, output: Output) -> tuple[Plane, Plane | None]:
    """Mean and standard error in gauss, each (h, w), of all members together.

    By the law of total variance over members of equal weight, Var = E[Var_m] + Var[E_m]
    (Lakshminarayanan et al. 2017, NeurIPS 30): what each member says of its error, or
    the scatter of its samples, and how far the members' means lie apart. The card's factors
    follow. No standard error if there is one member and it says nothing.
    """
    mean = _average(answer.mean)
    variance = np.zeros_like(mean) if len(answer.mean) == 1 else answer.mean.var(axis=0)
    if answer.log_variance is not None:
        variance += _average(np.exp(np.clip(answer.log_variance, -LARGEST, LARGEST)))
    if answer.samples is not None:
        variance += _average(answer.samples.var(axis=1, ddof=1))
    told = len(answer.mean) > 1 or output.uncertainty != "none"
    sigma = np.sqrt(variance) * np.float32(output.scale * output.sigma_scale) if told else None
    return mean * np.float32(output.scale), sigma


def _average(values: Plane) -> Plane:
    """Over members; of one it is itself, without a pass through memory."""
    return values[0] if len(values) == 1 else np.asarray(values.mean(axis=0))
