"""Batches of small pieces, drawn at random and never twice the same.

Knows: how pieces are cut, turned and reversed in polarity, and which planes a
network is given. A batch depends on its seed and step alone, so that a training
resumed at a step goes on as if it had never stopped.
Refuses to know: torch, files, splits: it draws from the scenes it is given.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from models.data import degrade
from models.data.scene import Field, Scene
from models.data.views import Views
from pipeline.core import BadRequest

Range = tuple[float, float]

WORTHWHILE = 0.25  # of a piece's pixels must be truths, or it is drawn again
TRIES = 10  # then it is taken as it is
AS_IT_IS = Views()
CLIPPED = 0.01  # of a blurred pixel's weight; more than that from clipped pixels spoils it


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """N pairs of what a network is given and what it should answer.

    x : (N, C, h, w), the planes that the task names; ``mask`` is the last
    target : (N, 1, s h, s w), field over the task's scale; 0 where weight is
    weight : (N, 1, s h, s w), 1 where the target is a truth, else 0
    """

    x: Field
    target: Field
    weight: Field


class Task(Protocol):
    """What is to be learnt: how a piece of a scene becomes a pair."""

    @property
    def scale(self) -> float:
        """Gauss by which fields are divided."""
        ...

    @property
    def channels(self) -> tuple[str, ...]:
        """The planes wanted, by name, in their order."""
        ...

    @property
    def views(self) -> Views:
        """How a piece is varied first."""
        ...

    @property
    def factor(self) -> int:
        """Target pixels along one input pixel."""
        ...

    @property
    def margin(self) -> int:
        """Target pixels that a piece needs around it."""
        ...

    def planes(self, piece: Scene, rng: np.random.Generator) -> Mapping[str, Field]:
        """What the network may be given, by name; NaN where nothing is measured."""
        ...

    def answer(self, piece: Scene, rng: np.random.Generator) -> Field:
        """(H, W) what the network's answer is compared with, gauss."""
        ...

    def trusted(self, piece: Scene) -> NDArray[np.bool_]:
        """(H, W) True where the piece's field is a truth and its degraded picture fits it."""
        ...


@dataclass(frozen=True, slots=True)
class Denoising:
    """Field with more noise in, field out; where a scene has a pair, that pair.

    Planes: ``field`` and ``level`` (the noise's standard deviation, limb and all) over
    *scale*, ``radius`` (r / R), ``mask``.

    sigma : gauss; range from which the added noise at disk centre is drawn, evenly
    kernel : px; range of the standard deviation of its Gaussian kernel
    scale : gauss by which field and level are divided
    own : gauss, the noise that the scenes already hold, which adds to ``level``
    paired : gauss at disk centre, the noise of frames that scenes bring along
        (45 s of HMI: Liu et al. 2012, Sol. Phys. 279, 295)
    """

    sigma: Range = (2.0, 14.0)
    kernel: Range = (0.0, 0.8)
    scale: float = 100.0
    own: float = 0.0
    paired: float = 10.2
    channels: tuple[str, ...] = ("field", "level", "mask")
    views: Views = AS_IT_IS

    @property
    def factor(self) -> int:
        return 1

    @property
    def margin(self) -> int:
        return 0

    def planes(self, piece: Scene, rng: np.random.Generator) -> Mapping[str, Field]:
        noisy, level = piece.observed, degrade.level(piece.radius, self.paired)
        if noisy is None:
            noisy, added = self._noisy(piece, rng)
            level = np.hypot(added, np.float32(self.own))
        scale = np.float32(self.scale)
        return {"field": noisy / scale, "level": level / scale, "radius": piece.radius}

    def answer(self, piece: Scene, rng: np.random.Generator) -> Field:
        return piece.field

    def trusted(self, piece: Scene) -> NDArray[np.bool_]:
        return piece.valid

    def _noisy(self, piece: Scene, rng: np.random.Generator) -> tuple[Field, Field]:
        """The piece's field with noise, and the noise's level, both in gauss."""
        level = degrade.level(piece.radius, rng.uniform(*self.sigma))
        kernel = rng.uniform(*self.kernel)
        shape = piece.field.shape[0], piece.field.shape[1]
        return piece.field + degrade.noise(shape, level, kernel, rng), level


@dataclass(frozen=True, slots=True)
class Noise2Noise(Denoising):
    """The same, compared with the field under noise of its own (Lehtinen et al. 2018)."""

    def answer(self, piece: Scene, rng: np.random.Generator) -> Field:
        return self._noisy(piece, rng)[0]


@dataclass(frozen=True, slots=True)
class SuperResolution:
    """Field through a worse telescope in, field out; where a scene has a pair, that pair.

    Planes: ``field`` and ``level`` over *scale*, ``radius`` (r / R), ``blur`` (point
    spread, standard deviations in input pixels), ``mask``.

    factor : target pixels along one input pixel
    fwhm : arcsec; range of the point spread
    gain : range of the calibration, reported over true
    sigma, kernel : ranges of the noise in input pixels, gauss and px
    scale : gauss by which fields are divided (3500: Munoz-Jaramillo et al. 2024)
    """

    factor: int = 4
    fwhm: Range = (5.0, 5.0)
    gain: Range = (0.7, 0.7)
    sigma: Range = (3.0, 3.0)
    kernel: Range = (0.0, 0.0)
    scale: float = 3500.0
    channels: tuple[str, ...] = ("field", "radius", "mask")
    views: Views = AS_IT_IS

    @property
    def margin(self) -> int:
        return 16 * self.factor

    def planes(self, piece: Scene, rng: np.random.Generator) -> Mapping[str, Field]:
        fwhm, gain, sigma, kernel = (
            rng.uniform(*drawn) for drawn in (self.fwhm, self.gain, self.sigma, self.kernel)
        )
        coarse = piece.observed
        if coarse is None:
            coarse = degrade.telescope(
                piece.field, piece.pixel, fwhm, self.factor, gain, sigma, kernel, rng
            )
        spread = fwhm / degrade.FWHM / (piece.pixel * self.factor)
        return {
            "field": coarse / np.float32(self.scale),
            "level": np.full_like(coarse, sigma / self.scale),
            "radius": degrade.binned(piece.radius, self.factor),
            "blur": np.full_like(coarse, spread),
        }

    def answer(self, piece: Scene, rng: np.random.Generator) -> Field:
        return piece.field

    def trusted(self, piece: Scene) -> NDArray[np.bool_]:
        clipped = np.abs(piece.field) >= piece.limit
        if not clipped.any():
            return piece.valid
        seen = degrade.blur(clipped.astype(np.float32), max(self.fwhm) / degrade.FWHM / piece.pixel)
        return piece.valid & (seen < CLIPPED)


def sampler(
    scenes: Sequence[Scene],
    task: Task,
    *,
    size: int,
    count: int,
    seed: int,
    step: int,
    shares: Sequence[float] | None = None,
) -> Batch:
    """Batch number *step* of *count* pairs with inputs of *size* by *size* pixels.

    Pieces are flipped, transposed and reversed in polarity at random, and varied as the
    task's :class:`~models.data.views.Views` say.

    shares : how often each scene is drawn relative to the others; by default in
        proportion to its valid pixels

    Raises
    ------
    BadRequest : no scenes, a plane that the task does not make, or shares without weight.
    """
    if not scenes:
        raise BadRequest("There is no scene to draw from; give at least one.")
    weights = np.array([s.valid.sum() for s in scenes] if shares is None else shares, float)
    if weights.shape != (len(scenes),) or not weights.sum() > 0.0 or weights.min() < 0.0:
        raise BadRequest("Shares need one weight per scene, none negative, not all zero.")
    rng = np.random.default_rng([seed, step])
    drawn = rng.choice(len(scenes), size=count, p=weights / weights.sum())
    pairs = [_pair(scenes[index], task, size, rng) for index in drawn]
    x, target, weight = (np.stack(arrays) for arrays in zip(*pairs, strict=True))
    return Batch(x, target, weight)


def _pair(
    scene: Scene, task: Task, size: int, rng: np.random.Generator
) -> tuple[Field, Field, Field]:
    """Planes, target and weight of one piece drawn from *scene*."""
    side, factor = size * task.factor, task.factor
    scene = _padded(scene, side)
    rows, columns = scene.field.shape
    top, left = _corner(scene, side, rng)
    if scene.observed is not None:  # its pixels lie where they lie
        top, left = top // factor * factor, left // factor * factor
    up, before = min(task.margin, top // factor * factor), min(task.margin, left // factor * factor)
    window = (
        slice(top - up, min(top + side + task.margin, rows)),
        slice(left - before, min(left + side + task.margin, columns)),
    )
    piece = _reversed(_cut(scene, window, factor), np.float32(rng.choice((-1.0, 1.0))))
    piece = task.views.of(piece, rng)
    planes = task.planes(piece, rng)
    measured = np.isfinite(planes["field"])
    try:
        chosen = [{**planes, "mask": measured}[name] for name in task.channels]
    except KeyError as error:
        raise BadRequest(f"No plane is called {error}; there are {[*planes, 'mask']}.") from None
    coarse = np.s_[up // factor : up // factor + size, before // factor : before // factor + size]
    fine = np.s_[up : up + side, before : before + side]
    x = np.stack([np.where(measured, plane, 0.0)[coarse] for plane in chosen])
    trusted = task.trusted(piece)[fine]
    target = np.where(trusted, task.answer(piece, rng)[fine] / np.float32(task.scale), 0.0)
    quarter, mirrored = int(rng.integers(4)), bool(rng.integers(2))
    x, target, weight = (
        _turned(planes, quarter, mirrored) for planes in (x, target[None], trusted[None])
    )
    return x, target, weight


def _corner(scene: Scene, side: int, rng: np.random.Generator) -> tuple[int, int]:
    """Where a piece begins: anywhere, but not where there is next to nothing to learn."""
    rows, columns = scene.field.shape
    for _ in range(TRIES):
        top, left = int(rng.integers(rows - side + 1)), int(rng.integers(columns - side + 1))
        piece = scene.field[top : top + side, left : left + side]
        if np.count_nonzero(np.abs(piece) < scene.limit) > WORTHWHILE * piece.size:
            break
    return top, left


def _padded(scene: Scene, side: int) -> Scene:
    """The scene, with pixels not measured around it where it is smaller than *side*."""
    rows, columns = (max(0, side - n) for n in scene.field.shape)
    if not rows and not columns:
        return scene
    if scene.observed is not None:
        raise BadRequest(
            f"{scene.region}: its {scene.field.shape} pixels are fewer than {side}; "
            "draw smaller pieces from scenes that bring their pair along."
        )
    around = ((rows // 2, rows - rows // 2), (columns // 2, columns - columns // 2))
    field = np.pad(scene.field, around, constant_values=np.nan)
    return replace(scene, field=field, radius=np.pad(scene.radius, around, mode="edge"))


def _cut(scene: Scene, window: tuple[slice, slice], factor: int) -> Scene:
    observed = scene.observed
    if observed is not None:
        rows, columns = (slice(w.start // factor, w.stop // factor) for w in window)
        observed = observed[rows, columns]
    return replace(scene, field=scene.field[window], radius=scene.radius[window], observed=observed)


def _reversed(scene: Scene, sign: np.float32) -> Scene:
    observed = None if scene.observed is None else scene.observed * sign
    return replace(scene, field=scene.field * sign, observed=observed)


def _turned(planes: NDArray[Any], quarter: int, mirrored: bool) -> Field:
    """(…, h, h) turned by quarters, and mirrored or not: the eight symmetries of a square."""
    turned = np.rot90(planes, quarter, axes=(-2, -1))
    return np.ascontiguousarray(turned[..., ::-1] if mirrored else turned, np.float32)
