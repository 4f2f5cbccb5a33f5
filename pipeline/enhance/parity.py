"""How far a provider's answer to the golden input is from the reference, and how far it may be.

Half precision, fused kernels and TF32 all round differently. Before a provider serves, its
answer to the network's golden input is held against the one the card ships with, which was
computed in float32 on a CPU.

Knows: the bounds. Refuses to know: what computed the answers.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipeline.enhance.card import Output

Arrays = Mapping[str, NDArray[np.float32]]


@dataclass(frozen=True, slots=True)
class Parity:
    """Differences between two answers in gauss.

    correlation : 1 - Pearson's ρ between them
    spread : difference of their standard deviations, or of the mean standard errors that the
        network states, whichever is larger; gauss
    flux : relative difference of the unsigned flux
    largest : largest difference in any pixel, gauss
    """

    correlation: float
    spread: float
    flux: float
    largest: float

    def beyond(self, bounds: Parity) -> str:
        """What exceeds *bounds* (NaN exceeds any), as a clause; empty if nothing does."""
        found, allowed = asdict(self), asdict(bounds)
        units = {"correlation": "", "spread": " G", "flux": "", "largest": " G"}
        return " and ".join(
            f"{name} {value:.3g}{units[name]} (at most {allowed[name]:g}{units[name]})"
            for name, value in found.items()
            if not value <= allowed[name]
        )


# Science note §7: one step of float16 at 3 kG and B/3500 is 1.7 G; .02 G and .1 % are what a
# noise level and a flux may change without being seen in any result.
BOUNDS = Parity(correlation=1e-4, spread=0.02, flux=1e-3, largest=2.0)


def measure(answer: Arrays, reference: Arrays, output: Output) -> Parity:
    """The differences between two answers, each with ``mean`` and what else *output* names.

    The arrays are in the graph's units; those of one name have one shape, or every
    difference is NaN.
    """
    if any(answer[name].shape != reference[name].shape for name in reference if name != "x"):
        return Parity(*[float("nan")] * 4)
    a, b = (output.scale * arrays["mean"].astype(np.float64) for arrays in (answer, reference))
    spreads = [abs(a.std() - b.std()), *_stated(answer, reference, output)]
    flux = np.abs(b).sum()
    return Parity(
        correlation=1.0 - _correlation(a.ravel(), b.ravel()),
        spread=float(np.max(spreads)),
        flux=float(abs(np.abs(a).sum() - flux) / flux) if flux else float(np.abs(a).sum()),
        largest=float(np.abs(a - b).max()),
    )


def _stated(answer: Arrays, reference: Arrays, output: Output) -> list[float]:
    """Difference of the mean standard errors, gauss; none if the network states none."""
    if output.uncertainty == "none":
        return []
    means = []
    for arrays in (answer, reference):
        values = arrays[output.uncertainty].astype(np.float64)
        sigma = np.exp(0.5 * values) if output.uncertainty == "log_variance" else values.std(axis=2)
        means.append(output.scale * output.sigma_scale * sigma.mean())
    return [float(abs(means[0] - means[1]))]


def _correlation(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    """Pearson's; of two constants, 1 if they are equal."""
    a, b = a - a.mean(), b - b.mean()
    norm = np.sqrt((a @ a) * (b @ b))
    return float(a @ b / norm) if norm != 0 else float(np.array_equal(a, b))


def save(parity: Parity, provider: str, folder: Path) -> None:
    """Leave what was measured in *folder*, whole.

    Raises
    ------
    OSError : the file system refuses.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "parity.json"
    part = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with part.open("w", encoding="utf-8") as file:
            json.dump({"provider": provider} | asdict(parity), file, indent=1)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
