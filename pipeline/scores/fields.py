"""How well one field on the sphere stands for another.

Fields are in gauss. Unless said otherwise arrays hold the cells under judgement, in any
shape, of a product and of the truth; a figure that they cannot give, for want of cells or
because it would divide by zero, is NaN.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating]

# Net flux below this share of the unsigned flux is what is left of a balance: no ratio of it.
BALANCED = 0.01


def correlation(product: Floats, truth: Floats) -> float:
    """Pearson's coefficient."""
    common, of_product, of_truth = _covariances(product, truth)
    return ratio(common, math.sqrt(of_product * of_truth))


def slope(product: Floats, truth: Floats) -> float:
    """Least-squares regression of *product* on *truth*: .5 for a map of half the amplitude."""
    common, _, of_truth = _covariances(product, truth)
    return ratio(common, of_truth)


def rms(field: Floats) -> float:
    """Root mean square."""
    return math.sqrt(mean(np.square(field, dtype=np.float64)))


def unsigned_flux_ratio(product: Floats, truth: Floats) -> float:
    """Flux of either sign in the product over that in the truth, on cells of equal area."""
    return ratio(mean(np.abs(product)), mean(np.abs(truth)))


def net_flux_ratio(product: Floats, truth: Floats) -> float:
    """Net flux of the product over the truth's; NaN where the truth is balanced within 1 %."""
    net = mean(truth)
    unbalanced = abs(net) > BALANCED * mean(np.abs(truth))
    return ratio(mean(product), net) if unbalanced else math.nan


def polarity_agreement(product: Floats, truth: Floats, above: float) -> float:
    """Share of the cells above *above* in the truth where the product has the same sign."""
    strong = np.abs(truth) > above
    return mean(np.sign(product[strong]) == np.sign(truth[strong]))


def spread_skill(error: Floats, sigma: Floats) -> float:
    """Root-mean-square claimed error over the true one: above 1 the product is too modest."""
    return ratio(rms(sigma), rms(error))


def coverage(error: Floats, sigma: Floats, times: float) -> float:
    """Share of cells whose error is within *times* sigma; .683 for 1 and .954 for 2 if normal."""
    return mean(np.abs(error) <= times * sigma)


def mean(values: NDArray[np.floating] | NDArray[np.bool_]) -> float:
    """Mean, NaN of nothing."""
    return float(np.mean(values, dtype=np.float64)) if values.size else math.nan


def ratio(part: float, whole: float) -> float:
    """Quotient, NaN by zero."""
    return part / whole if whole else math.nan


def _covariances(product: Floats, truth: Floats) -> tuple[float, float, float]:
    """Covariance, variance of the product and of the truth."""
    p, t = product - mean(product), truth - mean(truth)
    return mean(p * t), mean(p * p), mean(t * t)
