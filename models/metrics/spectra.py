"""Which scales of an estimate are real: power and coherence by spatial frequency.

Spectra are averaged over windows of 32 px, half overlapping, each with its mean taken off
and a Hann taper (Welch 1967, IEEE Trans. Audio Electroacoust. 15, 70), and over directions.
The coherence γ² = |⟨E T*⟩|² / (⟨|E|²⟩⟨|T|²⟩) is the share of the estimate's power that
follows the truth linearly; invented detail and left noise have none. Fields in gauss; a
pixel that is not measured takes its windows out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.metrics.summed import Floats, Labels, Mask, Sum, Summed, ratio, sums, valid

__all__ = ["FREQUENCIES", "WINDOW", "Spectra"]

WINDOW = 32  # px
STEP = WINDOW // 2
RINGS = WINDOW // 2  # of frequency, one 1/WINDOW wide, centred on k/WINDOW, k = 1 … WINDOW/2
FREQUENCIES = np.arange(1, RINGS + 1) / WINDOW  # cycles per px; .5 is a wavelength of 2 px
FINE = 1.0 / 4.0  # cycles per px and up to the last ring: wavelengths of 2 to 4 px
HALF = 0.5  # coherence of equal power of signal and rest


@dataclass(frozen=True, slots=True)
class Spectra(Summed):
    """Summed power of estimate and truth and their cross spectrum, last axis frequency.

    e, t : power, G² (in units of the window's sum); et : complex cross spectrum
    """

    e: Sum
    t: Sum
    et: NDArray[np.complex128]

    @classmethod
    def of(cls, estimate: Floats, truth: Floats, mask: Mask | None = None) -> Spectra:
        """Of whole windows of two fields (ny, nx)."""
        return cls.by_label(estimate, truth, np.zeros(truth.shape, np.intp), 1, mask).total

    @classmethod
    def by_label(
        cls,
        estimate: Floats,
        truth: Floats,
        labels: Labels,
        count: int,
        mask: Mask | None = None,
    ) -> Spectra:
        """Of windows by the label 0 … count − 1 of their middle pixel, shape (count, rings)."""
        kept = valid(estimate, truth, mask=mask)
        whole = _windows(kept).all((2, 3))
        label = _windows(labels)[:, :, STEP, STEP][whole]
        e, t = (_transform(_windows(field)[whole]) for field in (estimate, truth))
        place = label[:, None] * RINGS + _ring()[_used()] - 1

        def ringed(power: Sum) -> Sum:
            return sums(power.ravel(), place.ravel(), count * RINGS).reshape(count, RINGS)

        cross = e * t.conj()
        return cls(
            e=ringed(np.abs(e) ** 2),
            t=ringed(np.abs(t) ** 2),
            et=ringed(cross.real) + 1j * ringed(cross.imag),
        )

    @property
    def coherence(self) -> Sum:
        """γ² by frequency, 0 to 1; NaN where either has no power."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.abs(self.et) ** 2 / (self.e * self.t)

    @property
    def transfer(self) -> Sum:
        """Power of the estimate over the truth's, by frequency."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return self.e / self.t

    @property
    def fine_power(self) -> Sum:
        """Power of the estimate over the truth's at wavelengths of 2 to 4 px."""
        fine = _fine()
        return ratio(self.e[..., fine].sum(-1), self.t[..., fine].sum(-1))

    @property
    def fine_coherent_power(self) -> Sum:
        """The part of :attr:`fine_power` that is coherent with the truth."""
        fine = _fine()
        follows = np.nan_to_num(self.coherence) * self.e
        return ratio(follows[..., fine].sum(-1), self.t[..., fine].sum(-1))

    @property
    def resolution(self) -> Sum:
        """Resolvability: shortest wavelength, px, down to which γ² stays at ½ or more.

        γ² = ½ is where what follows the truth and what does not have equal power. Between
        rings γ² is linear in frequency; NaN when the longest wavelength does not reach ½,
        2 px when all do.
        """
        gamma = np.nan_to_num(self.coherence)
        flat = gamma.reshape(-1, RINGS)
        limits = np.array([_crossing(row) for row in flat])
        return limits.reshape(gamma.shape[:-1])


def _windows(field: NDArray[Any]) -> NDArray[Any]:
    """Views of the windows, shape (rows, columns, WINDOW, WINDOW)."""
    if min(field.shape) < WINDOW:
        return np.empty((0, 0, WINDOW, WINDOW), field.dtype)
    views = np.lib.stride_tricks.sliding_window_view(field, (WINDOW, WINDOW))
    return np.asarray(views[::STEP, ::STEP])


def _transform(windows: NDArray[Any]) -> NDArray[np.complex128]:
    """Spectrum of every window (n, WINDOW, WINDOW) at the frequencies used, (n, used)."""
    fields_ = windows.astype(np.float64)
    line = 0.5 - 0.5 * np.cos(2.0 * np.pi * (np.arange(WINDOW) + 0.5) / WINDOW)
    flat = fields_ - fields_.mean((1, 2), keepdims=True)
    return np.asarray(np.fft.fft2(flat * np.outer(line, line))[:, _used()])


def _ring() -> NDArray[np.intp]:
    """Number of the ring of every frequency of a window: the nearest k."""
    line = np.fft.fftfreq(WINDOW) * WINDOW
    return np.asarray(np.rint(np.hypot(*np.meshgrid(line, line))), np.intp)


def _used() -> Mask:
    """Frequencies that lie in a ring: not the mean, not the corners beyond 2 px."""
    ring = _ring()
    return np.asarray((ring >= 1) & (ring <= RINGS))


def _fine() -> Mask:
    """Rings of wavelengths 2 to 4 px."""
    return np.asarray(FREQUENCIES >= FINE)


def _crossing(gamma: Sum) -> float:
    """Wavelength, px, at which *gamma* first falls below ½ on the way to short waves."""
    below = np.flatnonzero(gamma < HALF)
    if not below.size:
        return float(1.0 / FREQUENCIES[-1])
    first = int(below[0])
    if first == 0:
        return np.nan
    share = (gamma[first - 1] - HALF) / (gamma[first - 1] - gamma[first])
    return float(1.0 / (FREQUENCIES[first - 1] + share / WINDOW))
