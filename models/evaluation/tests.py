"""The two examinations: fields made worse in a known way, and every method's answer to them.

Denoising adds noise to the observed field; super-resolution looks at it through a worse
telescope. Numbers of the degradations are those by which the networks are to be judged.
Fields in gauss; noise is drawn from the region's name, so that every method and every run
sees the same.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from skimage.transform import resize

from models.baselines import Pair
from models.data import Scene, degrade
from models.evaluation.estimates import Method
from models.evaluation.tally import Tally, tally
from models.metrics.summed import Floats

__all__ = ["GONG", "KERNELS", "LEVELS", "MDI", "Camera", "Noise", "examine", "tuning_pairs"]

LEVELS = (10.2, 6.3)  # G; HMI at 45 s and 720 s (Liu et al. 2012, Sol. Phys. 279, 295)
KERNELS = (0.0, 0.45, 0.65)  # px
FRAMES = 2  # independent frames of every region
SMALLEST = 4  # coarse px; where nothing shorter fits


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

    scale : reported over true field; noise : gauss, white
    factor : how many pixels of the truth lie along one of the camera's
    """

    instrument: str
    fwhm: float
    pixel: float
    scale: float
    noise: float
    factor: int = 4

    @property
    def name(self) -> str:
        return f"{self.instrument}-like, ×{self.factor}"

    def scene(self, scene: Scene) -> Scene:
        """The truth at pixels *factor* times finer than the camera's, cut to whole ones."""
        wanted = self.pixel / self.factor
        if not math.isclose(wanted, scene.pixel, rel_tol=0.02):
            scene = _resampled(scene, wanted)
        whole = tuple(slice(n // self.factor * self.factor) for n in scene.field.shape)
        return replace(scene, field=scene.field[whole], radius=scene.radius[whole])

    def degraded(self, scene: Scene, rng: np.random.Generator) -> Floats:
        """What the camera reports of a truth from :meth:`scene`, (H / factor, W / factor)."""
        return degrade.telescope(
            scene.field,
            self.pixel / self.factor,
            self.fwhm,
            self.factor,
            self.scale,
            self.noise,
            0.0,
            rng,
        )


# Scales: Muñoz-Jaramillo et al. 2024.
GONG = Camera("GONG", fwhm=5.0, pixel=2.5, scale=0.7, noise=3.0)
MDI = Camera("MDI", fwhm=3.0, pixel=2.0, scale=1.31, noise=16.0)


def examine(
    scenes: Sequence[Scene], test: Noise | Camera, methods: Sequence[Method]
) -> Mapping[str, Tally]:
    """Sums of every method that can run, by its name, over two frames of every scene."""
    return {
        method.name: Tally.joined([_answer(scene, test, method) for scene in scenes])
        for method in methods
        if method.predict
    }


def tuning_pairs(scenes: Sequence[Scene], test: Noise | Camera) -> list[Pair]:
    """What baselines are tuned on: the *scenes*, never of a test split, under the test."""
    pairs = []
    for scene in scenes:
        truth = test.scene(scene)
        pairs.append(Pair(test.degraded(truth, generator(scene, 0)), truth.field))
    return pairs


def generator(scene: Scene, frame: int) -> np.random.Generator:
    """The noise of one frame of a scene: the same in every run."""
    return np.random.default_rng([zlib.crc32(scene.region.encode()), frame])


def _answer(scene: Scene, test: Noise | Camera, method: Method) -> Tally:
    assert method.predict is not None  # noqa: S101
    truth = test.scene(scene)
    radius = degrade.binned(truth.radius, test.factor)
    answers = [
        method.predict(test.degraded(truth, generator(scene, frame)), radius)
        for frame in range(1, FRAMES + 1)
    ]
    judged = np.where(truth.valid, truth.field, np.float32(np.nan))
    return tally(judged, truth.radius, [mean for mean, _ in answers], answers[0][1])


def _resampled(scene: Scene, pixel: float) -> Scene:
    """The scene on pixels of *pixel* arcsec, by cubic splines; gaps and clipped pixels are NaN."""
    ratio = scene.pixel / pixel
    shape = tuple(max(1, round(length * ratio)) for length in scene.field.shape)

    def sized(array: Floats, order: int) -> Floats:
        smooth = order > 1
        return np.asarray(
            resize(array, shape, order, mode="edge", anti_aliasing=smooth, preserve_range=True),
            np.float32,
        )

    known = sized(scene.valid.astype(np.float32), 1) > 0.999
    field = sized(np.where(scene.valid, scene.field, 0.0).astype(np.float32), 3)
    return replace(
        scene,
        field=np.where(known, field, np.float32(np.nan)),
        radius=sized(scene.radius, 1),
        pixel=pixel,
        limit=math.inf,
    )
