"""Real, sharp patches pushed through the cameras that the simulator knows.

Knows: which point spread, pixel, calibration and noise stand for GONG and for MDI,
and how a patch is brought to a quarter of such a pixel.
Refuses to know: the degradation itself, which is ``degrade``'s, and the Sun.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline

from models.data import degrade
from models.data.scene import Field, Scene
from pipeline.simulator.instruments import gong, mdi
from pipeline.simulator.optics import Magnetograph


@dataclass(frozen=True, slots=True)
class Camera:
    """A magnetograph and its pixels, arcsec as from 1 AU."""

    optics: Magnetograph
    pixel: float


GONG = Camera(gong.GONG, gong.STEP)
MDI = Camera(replace(mdi.MDI, noise=mdi.NOISE[300]), mdi.STEP)  # the mean of five


def rescaled(scene: Scene, pixel: float) -> Scene:
    """The *scene* with pixels of *pixel* arcsec; without a pair.

    Each new pixel is the mean over its area, exact for the cubic splines through the
    field's integral along rows and columns: flux is conserved, and no pixel is sharper
    than its neighbour. All of the field must be measured; what is left over at the end
    of rows and columns is cut off. Clipped fields must not be given: the mean hides them.
    """
    step = pixel / scene.pixel
    return replace(
        scene,
        field=_means(_means(scene.field, step, 0), step, 1).astype(np.float32),
        radius=_means(_means(scene.radius, step, 0), step, 1).astype(np.float32),
        pixel=pixel,
        observed=None,
    )


def _means(values: NDArray[np.floating], step: float, axis: int) -> NDArray[np.float64]:
    """Means over stretches of *step* pixels along *axis*."""
    size = values.shape[axis]
    edges = np.arange(int(size / step + 1e-9) + 1) * step
    zero = np.zeros_like(np.take(values, [0], axis), np.float64)
    integral = np.concatenate([zero, np.cumsum(values, axis, np.float64)], axis)
    means = np.diff(CubicSpline(np.arange(size + 1), integral, axis)(edges), axis=axis) / step
    return np.asarray(means)


def paired(
    scenes: Iterable[Scene], camera: Camera, factor: int, rng: np.random.Generator
) -> list[Scene]:
    """Each scene at a *factor*-th of the camera's pixels, with what the camera reports of it."""
    return [_pair(rescaled(scene, camera.pixel / factor), camera, factor, rng) for scene in scenes]


def _pair(scene: Scene, camera: Camera, factor: int, rng: np.random.Generator) -> Scene:
    rows, columns = (n // factor * factor for n in scene.field.shape)
    field, radius = scene.field[:rows, :columns], scene.radius[:rows, :columns]
    optics = camera.optics
    observed = degrade.telescope(
        field, scene.pixel, optics.fwhm, factor, optics.scale, 0.0, optics.grain, rng
    )
    level = degrade.level(degrade.binned(radius, factor), optics.noise, optics.limb)
    shape = observed.shape[0], observed.shape[1]
    noise: Field = degrade.noise(shape, level, optics.grain, rng)
    return replace(scene, field=field, radius=radius, observed=observed + noise)
