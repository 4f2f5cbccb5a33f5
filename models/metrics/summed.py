"""Sums over pixels that stay useful when pixels are chosen anew.

A field is cut into labelled pieces (blocks of a region, say) and summed once by label; any
selection of the pieces, as a bootstrap draws thousands, then costs a product of matrices
and not another pass over the pixels.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.floating]
Sum = NDArray[np.float64]
Mask = NDArray[np.bool_]
Labels = NDArray[np.intp]

__all__ = ["Average", "Floats", "Labels", "Mask", "Sum", "Summed", "sums", "valid"]


def valid(*arrays: Floats, mask: Mask | None = None) -> Mask:
    """Where every array is finite and *mask*, if there is one, is True."""
    kept = np.asarray(np.logical_and.reduce([np.isfinite(array) for array in arrays]), bool)
    return kept if mask is None else kept & mask


def sums(values: Floats, labels: Labels, count: int) -> Sum:
    """Sum of the *values* under each label 0 … count − 1, shape (count,)."""
    return np.asarray(np.bincount(labels, weights=values, minlength=count), np.float64)


def ratio(part: Sum, whole: Sum) -> Sum:
    """Quotient, NaN by zero."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(whole != 0.0, part / whole, np.nan)


class Summed:
    """A dataclass of arrays whose first axis is the label; figures are properties of it."""

    __slots__ = ()

    def weighted(self, weights: ArrayLike) -> Self:
        """Sums of labels counted with *weights* (…, labels), of shape (…, rest)."""
        return self._each(lambda part: np.tensordot(np.asarray(weights, float), part, 1))

    @property
    def total(self) -> Self:
        """Of all labels together."""
        return self._each(lambda part: part.sum(0))

    @classmethod
    def joined(cls, parts: Sequence[Self]) -> Self:
        """The labels of one after those of another."""
        names = _names(cls)
        return cls(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))

    def __add__(self, other: Self) -> Self:
        """Sums of both, label by label."""
        names = _names(type(self))
        return type(self)(*(getattr(self, name) + getattr(other, name) for name in names))

    def _each(self, what: Callable[[NDArray[Any]], NDArray[Any]]) -> Self:
        return type(self)(*(np.asarray(what(getattr(self, name))) for name in _names(type(self))))


def _names(cls: type[Any]) -> list[str]:
    return [field.name for field in fields(cls)]


@dataclass(frozen=True, slots=True)
class Average(Summed):
    """Mean of values, whatever they are."""

    n: Sum
    value: Sum

    @classmethod
    def by_label(cls, values: Floats, labels: Labels, count: int) -> Average:
        """Of the *values* that are not NaN."""
        known = np.isfinite(values)
        of = labels[known]
        return cls(sums(np.ones(of.size), of, count), sums(values[known], of, count))

    @property
    def mean(self) -> Sum:
        return ratio(self.value, self.n)
