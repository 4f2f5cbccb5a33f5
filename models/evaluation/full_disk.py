"""How noisy full disks are at their centre and at their limb, before and after a denoiser.

The definition of Park et al. 2020 for their two networks: the width of the histogram's core,
near the disk's centre and near the limb. With it the repeatability σ_D of both, because the
width alone rewards blur. Fields in gauss.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from models.data import Scene, degrade
from models.evaluation.estimates import Method
from models.evaluation.trials import generator
from models.metrics import noise_by_place, noise_level, repeatability
from models.metrics.noise import PLACES
from models.metrics.summed import Floats

__all__ = ["PUBLISHED", "DiskNoise", "disk_noise"]

# Centre and limb, G, of 45 s frames: before, after the network trained on stacks (M1), and after
# the self-supervised one (M2). Park et al. 2020 and its successor.
PUBLISHED = {"45 s frames": (9.1, 10.7), "M1": (3.4, 4.5), "M2": (3.9, 4.9)}
NOISE = 7.0  # G at disk centre; with it the archive's frames of 720 s look as noisy as those
KERNEL = 0.45  # px, as in real 45 s frames


@dataclass(frozen=True, slots=True)
class DiskNoise:
    """Means over frames, by place: width of the histogram's core, and σ_D, gauss."""

    level: Mapping[str, float]
    repeatability: Mapping[str, float]


def disk_noise(
    frames: Sequence[Scene], methods: Sequence[Method], added: float = NOISE
) -> dict[str, DiskNoise]:
    """Of full-disk *frames* with *added* gauss of noise, as they are and after every method.

    The noise is that of real 45 s frames: 18 % stronger at the limb, correlated over .45 px.
    The frames' own noise (720 s, binned to 2.1 arcsec, in steps of 2 G) lies underneath, and
    so does the quiet Sun's field, which no denoiser should take away. Methods are told the
    level near the centre, as the pipeline tells them where no instrument states it.
    """
    ran = [method for method in methods if method.predict]
    found: dict[str, list[tuple[dict[str, float], dict[str, float]]]] = {"input": []}
    found |= {method.name: [] for method in ran}
    for frame in frames:
        noisy = [_noisy(frame, added, number) for number in (1, 2)]
        told = noise_level(noisy[0], frame.valid & (frame.radius < PLACES["centre"][1]))
        found["input"].append(_measured(frame, *noisy))
        for method in ran:
            assert method.predict is not None  # noqa: S101
            answers = [method.predict(field, frame.radius, told)[0] for field in noisy]
            found[method.name].append(_measured(frame, *answers))
    return {name: DiskNoise(*map(_mean, zip(*each, strict=True))) for name, each in found.items()}


def _noisy(frame: Scene, added: float, number: int) -> Floats:
    shape = (frame.field.shape[0], frame.field.shape[1])
    level = degrade.level(np.nan_to_num(frame.radius), added)
    return frame.field + degrade.noise(shape, level, KERNEL, generator(frame, number))


def _measured(
    frame: Scene, first: Floats, second: Floats
) -> tuple[dict[str, float], dict[str, float]]:
    """Noise level of *first*, and repeatability, by place; clipped pixels are left out."""
    kept = frame.valid
    apart = {
        name: repeatability(first, second, kept & (frame.radius >= low) & (frame.radius < high))
        for name, (low, high) in PLACES.items()
    }
    return noise_by_place(np.where(kept, first, np.nan), frame.radius), apart


def _mean(each: Sequence[Mapping[str, float]]) -> dict[str, float]:
    return {name: float(np.mean([one[name] for one in each])) for name in PLACES}
