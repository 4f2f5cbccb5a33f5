"""The two trials: fields made worse in a known way, and every method's answer to them.

Denoising adds noise to the observed field; super-resolution looks at it through a worse
telescope. Numbers of the degradations are those by which the networks are to be judged.
Fields in gauss; noise is drawn from the region's name, so that every method and every run
sees the same.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from models.baselines import Pair
from models.data import Scene, degrade
from models.data.forward import rescaled
from models.evaluation.estimates import Method, Predict
from models.evaluation.tally import Tally, tally
from models.metrics.summed import Floats

__all__ = ["DENOISING", "GONG", "MDI", "Camera", "Noise", "Trial", "examine", "tuning_pairs"]

FRAMES = 2  # independent frames of every region


@dataclass(frozen=True, slots=True)
class Noise:
    """Gaussian noise of *sigma* gauss, correlated by a Gaussian *kernel* [px]."""

    sigma: float
    kernel: float
    factor: int = 1

    @property
    def name(self) -> str:
        return f"noise of {self.sigma:g} G, kernel {self.kernel:g} px"

    def scene(self, scene: Scene) -> Scene:
        """The truth: the scene as it is."""
        return scene

    def degraded(self, scene: Scene, rng: np.random.Generator) -> Floats:
        """The field (H, W) with noise."""
        shape = (scene.field.shape[0], scene.field.shape[1])
        return scene.field + degrade.noise(shape, self.sigma, self.kernel, rng)


@dataclass(frozen=True, slots=True)
class Camera:
    """A telescope: arcsec of blur (FWHM) and per pixel, its scale and noise.

    scale : reported over true field; sigma : gauss of white noise
    factor : how many pixels of the truth lie along one of the camera's
    """

    instrument: str
    fwhm: float
    pixel: float
    scale: float
    sigma: float
    factor: int = 4

    @property
    def name(self) -> str:
        return f"{self.instrument}-like, ×{self.factor}"

    def scene(self, scene: Scene) -> Scene:
        """The truth at pixels *factor* times finer than the camera's, cut to whole ones."""
        wanted = self.pixel / self.factor
        if not math.isclose(wanted, scene.pixel, rel_tol=0.02):
            scene = rescaled(scene, wanted)
        rows, columns = (slice(n // self.factor * self.factor) for n in scene.field.shape)
        return replace(scene, field=scene.field[rows, columns], radius=scene.radius[rows, columns])

    def degraded(self, scene: Scene, rng: np.random.Generator) -> Floats:
        """What the camera reports of a truth from :meth:`scene`, (H / factor, W / factor)."""
        return degrade.telescope(
            scene.field,
            scene.pixel,
            self.fwhm,
            self.factor,
            self.scale,
            self.sigma,
            0.0,
            rng,
        )


Trial = Noise | Camera

# HMI at 45 s and at 720 s (Liu et al. 2012, Sol. Phys. 279, 295); real 45 s frames show .45 px.
DENOISING = tuple(Noise(sigma, kernel) for sigma in (10.2, 6.3) for kernel in (0.0, 0.45, 0.65))
# Scales: Muñoz-Jaramillo et al. 2024.
GONG = Camera("GONG", fwhm=5.0, pixel=2.5, scale=0.7, sigma=3.0)
MDI = Camera("MDI", fwhm=3.0, pixel=2.0, scale=1.31, sigma=16.0)


def examine(scenes: Sequence[Scene], trial: Trial, method: Method) -> Tally | None:
    """Sums over two independent frames of every scene; None if the method cannot run."""
    if method.predict is None:
        return None
    return Tally.joined([_answer(scene, trial, method.predict) for scene in scenes])


def tuning_pairs(scenes: Sequence[Scene], trial: Trial) -> list[Pair]:
    """What baselines are tuned on: the *scenes*, never of a test split, under the trial."""
    pairs = []
    for scene in scenes:
        truth = trial.scene(scene)
        pairs.append(Pair(trial.degraded(truth, generator(scene, 0)), truth.field))
    return pairs


def generator(scene: Scene, frame: int) -> np.random.Generator:
    """The noise of one frame of a scene: the same in every run."""
    return np.random.default_rng([zlib.crc32(scene.region.encode()), frame])


def _answer(scene: Scene, trial: Trial, predict: Predict) -> Tally:
    truth = trial.scene(scene)
    radius = degrade.binned(truth.radius, trial.factor)
    answers = [
        predict(trial.degraded(truth, generator(scene, frame)), radius, trial.sigma)
        for frame in range(1, FRAMES + 1)
    ]
    judged = np.where(truth.valid, truth.field, np.float32(np.nan))
    return tally(judged, truth.radius, [mean for mean, _ in answers], answers[0][1])
