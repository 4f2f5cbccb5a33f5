"""Batches for networks that make magnetograms of EUV pictures.

Knows: which channels arrive together, how pictures are spoilt, and how the planes of a
scene become the channels of a card, by the same arithmetic as the runtime's. A batch
depends on its seed and step alone. Refuses to know: torch, files, where scenes come from.

A channel of the card takes the plane of its name with blanks for hyphens: ``euv-193`` the
plane ``euv 193``, ``prior-sigma`` the plane ``prior sigma``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import EllipsisType

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter, zoom

from models.data.patches import Batch
from models.data.scene import Field, Scene
from pipeline.core import BadRequest
from pipeline.enhance.card import Channel
from pipeline.enhance.prepare import BRIGHT, EDGE

Mask = NDArray[np.bool_]
Range = tuple[float, float]
Planes = dict[str, Field]

ALL = "all"  # the channels' set of a picture that has everything
ANY = "any"  # each channel of it with an even chance, one at least
BLUR = (0.3, 1.0)  # px, of the pictures that are blurred at all, which is every second
TRIES = 4
PIECES = 3  # of a disk in one batch, since making a disk takes as long as learning from it
CLOUD = 8  # px, over which an added texture is alike
DARKEST = 1e-3  # DN/s
GRAIN = 1.5  # px, over which a map's errors are alike
DARK = 0.05  # of the level: what is left of a frame without light, as noise about a constant


@dataclass(frozen=True, slots=True)
class Imaging:
    """A piece of the disk from EUV pictures, with a prior or without.

    inputs : the channels of the card
    scale : gauss by which fields are divided
    channels : sets of channels that arrive together, like "193+304", "all" or "any", and
        how often each of them does
    prior : how often there is one
    spoilt : how often a picture is half lit, saturated in its brightest places, or blank
    doubt : largest part of a prior's stated error that is drawn besides its own
    noise : range of the relative noise of a pixel
    busy : how often the piece with the most field of :data:`TRIES` is taken, not any
    gamma, grain : ranges of the power to which a picture is raised, and of the standard
        deviation of a smooth texture that is laid over it, dex: relations besides those drawn
    mirrored, reversed : how often north and south, east and west, or polarities change places
    """

    inputs: tuple[Channel, ...]
    scale: float
    channels: Mapping[str, float]
    prior: float
    spoilt: float
    doubt: float
    noise: Range
    gamma: Range
    grain: Range
    busy: float
    mirrored: float
    reversed: float

    def pair(self, scene: Scene, rng: np.random.Generator) -> tuple[Field, Field, Field]:
        """The whole disk of *scene*: x (C, H, W), target and weight (H, W)."""
        planes = self._arrived(scene, rng)
        x, measured = tensor(planes, scene.radius, self.inputs)
        truth = scene.field / np.float32(self.scale)
        if rng.random() < self.reversed:
            truth = -truth
            for n, channel in enumerate(self.inputs):
                if channel.kind in ("field", "prior", "leading"):
                    x[n] = -x[n]
        weight = measured & scene.valid
        truth = np.where(weight, truth, np.float32(0.0))
        if rng.random() < self.mirrored:
            x, truth, weight = x[:, ::-1], truth[::-1], weight[::-1]
        if rng.random() < self.mirrored:
            # With the other polarity, what leads is in the west again: only tilts are wrong.
            x, truth, weight = x[:, :, ::-1].copy(), -truth[:, ::-1], weight[:, ::-1]
            for n, channel in enumerate(self.inputs):
                if channel.kind in ("field", "prior"):
                    x[n] = -x[n]
        return x, truth, weight.astype(np.float32)

    def _arrived(self, scene: Scene, rng: np.random.Generator) -> Planes:
        """The planes that there are this time, as cameras report them."""
        names = {c: c.name.replace("-", " ") for c in self.inputs}
        pictures = [c for c in self.inputs if c.kind == "intensity"]
        chosen = self._chosen(pictures, rng)
        with_prior = rng.random() < self.prior
        trouble = rng.choice(["half", "bright", "blank"]) if rng.random() < self.spoilt else ""
        lit = _half(scene.radius.shape, rng) if trouble == "half" else None
        planes: Planes = {}
        for channel, name in names.items():
            optional = channel.kind in ("prior", "sigma")
            if name not in scene.planes or (optional and not with_prior):
                continue
            if channel.kind == "intensity":
                if channel not in chosen:
                    continue
                planes[channel.name] = self._recorded(scene.planes[name], trouble, lit, rng)
            else:
                planes[channel.name] = scene.planes[name]
                if channel.kind == "prior":
                    part = rng.uniform(0.0, self.doubt)
                    planes[channel.name] = believed(scene, part, rng)
        return planes

    def _chosen(self, pictures: Sequence[Channel], rng: np.random.Generator) -> list[Channel]:
        shares = np.array(list(self.channels.values()))
        wanted = list(self.channels)[rng.choice(len(shares), p=shares / shares.sum())]
        if wanted == ALL:
            return list(pictures)
        if wanted == ANY:
            kept = [c for c in pictures if rng.random() < 0.5]
            return kept or [pictures[int(rng.integers(len(pictures)))]]
        lines = {int(line) for line in wanted.split("+")}
        return [c for c in pictures if c.wavelength in lines]

    def _recorded(
        self, picture: Field, trouble: str, lit: Mask | None, rng: np.random.Generator
    ) -> Field:
        """A picture with noise, blur and what has gone wrong with it."""
        noise = rng.standard_normal(picture.shape, np.float32)
        if trouble == "blank":
            return np.float32(BRIGHT) * (1.0 + np.float32(DARK) * noise)
        if rng.random() < 0.5:
            picture = gaussian_filter(picture, rng.uniform(*BLUR))
        picture = self._other_relation(picture, rng)
        picture = picture * (1.0 + np.float32(rng.uniform(*self.noise)) * noise)
        if trouble == "bright":
            full = np.nanquantile(picture, rng.uniform(0.97, 0.999))
            return np.where(picture < full, picture, np.float32(np.nan))
        return picture if lit is None else np.where(lit, picture, np.float32(np.nan))

    def _other_relation(self, picture: Field, rng: np.random.Generator) -> Field:
        """The picture as another corona would shine above the same field."""
        strength = rng.uniform(*self.grain)
        power = np.float32(np.exp(rng.uniform(*np.log(self.gamma))))
        picture = np.maximum(picture, np.float32(DARKEST)) ** power
        if not strength:
            return picture
        coarse = tuple(-(-n // CLOUD) for n in picture.shape)
        cloud = zoom(rng.standard_normal(coarse).astype(np.float32), CLOUD, order=1)
        cut = tuple(slice(n) for n in picture.shape)
        return picture * np.float32(10.0) ** (np.float32(strength) * cloud[cut])


def believed(scene: Scene, part: float, rng: np.random.Generator) -> Field:
    """What a map shows: the scene's prior, off by a *part* of the standard error it states."""
    grain = gaussian_filter(rng.standard_normal(scene.radius.shape, np.float32), GRAIN)
    off = np.float32(part) * grain / grain.std()
    return np.asarray(scene.planes["prior"] + scene.planes["prior sigma"] * off, np.float32)


def tensor(
    planes: Mapping[str, Field], radius: Field, inputs: Sequence[Channel]
) -> tuple[Field, Mask]:
    """The tensor x (C, H, W), and where a picture or a field was measured (H, W).

    planes : by channel's name; absent, or NaN, where nothing is measured
    """
    known: dict[str, Mask] = {}
    values: Planes = {}
    for channel in inputs:
        if channel.name in planes and channel.kind not in ("leading", "sigma"):
            values[channel.name], known[channel.name] = _normal(
                planes[channel.name], radius, channel
            )
    nothing = np.zeros(radius.shape, np.bool_)
    answering = [c.name for c in inputs if c.measured and c.name in known]
    measured = np.logical_or.reduce([nothing, *(known[name] for name in answering)])
    x = np.zeros((len(inputs), *radius.shape), np.float32)
    for n, channel in enumerate(inputs):
        if channel.kind == "mask":
            x[n] = known.get(channel.of, nothing) if channel.of else measured
        elif channel.kind == "radius":
            x[n] = radius
        elif channel.kind == "leading":
            x[n] = planes[channel.name]
        elif channel.kind == "sigma" and channel.name in planes:
            there = known.get(channel.of or "", nothing)
            x[n] = np.where(there, _scaled(planes[channel.name], channel, there), 0.0)
        elif channel.name in values:
            x[n] = values[channel.name]
    return x, measured


def sampler(
    scenes: Sequence[Scene],
    task: Imaging,
    *,
    size: int,
    count: int,
    seed: int,
    step: int,
    shares: Sequence[float],
) -> Batch:
    """The batch number *step* of a *seed*: *count* pieces of *size* pixels.

    shares : how often each scene is drawn

    Raises
    ------
    BadRequest : the scenes are smaller than a piece.
    """
    weights = np.array(shares) / np.sum(shares)
    parts: list[tuple[Field, Field, Field]] = []
    for number in range(-(-count // PIECES)):
        rng = np.random.default_rng([seed, step, number])
        scene = scenes[int(rng.choice(len(scenes), p=weights))]
        if min(scene.field.shape) < size:
            raise BadRequest(f"A disk of {scene.field.shape} holds no piece of {size} pixels.")
        x, target, weight = task.pair(scene, rng)
        for _ in range(min(PIECES, count - len(parts))):
            tries = TRIES if rng.random() < task.busy else 1
            places = [_place(target.shape, size, rng) for _ in range(tries)]
            place = max(places, key=lambda there: float(np.abs(target[there]).sum()))
            parts.append((x[place], target[place][np.newaxis], weight[place][np.newaxis]))
    x, target, weight = (np.ascontiguousarray(np.stack(part)) for part in zip(*parts, strict=True))
    return Batch(x, target, weight)


def _place(
    shape: tuple[int, ...], size: int, rng: np.random.Generator
) -> tuple[EllipsisType, slice, slice]:
    top, left = (int(rng.integers(0, n - size + 1)) for n in shape)
    return ..., slice(top, top + size), slice(left, left + size)


def _normal(plane: Field, radius: Field, channel: Channel) -> tuple[Field, Mask]:
    """Values as the channel wants them, 0 at gaps, and where there is none."""
    by_median = channel.normalise == "disk median"
    known = np.isfinite(plane) & (radius < (EDGE if by_median else 1.0))
    if not known.any():
        return np.zeros_like(plane), known
    if by_median:
        median = float(np.median(plane[known]))
        if median <= 0.0:
            return np.zeros_like(plane), np.zeros_like(known)
        plane = plane * np.float32(BRIGHT / median)
    return np.where(known, _scaled(plane, channel, known), np.float32(0.0)), known


def _scaled(plane: Field, channel: Channel, known: Mask) -> Field:
    """Clip, transform, offset and scale."""
    if channel.clip is not None:
        low, high = channel.clip
        plane = np.clip(plane, np.float32(low), np.float32(high))
    if channel.transform == "log10":
        plane = np.log10(plane, where=known, out=np.zeros_like(plane))
    return np.asarray((plane - np.float32(channel.offset)) / np.float32(channel.scale))


def _half(shape: tuple[int, ...], rng: np.random.Generator) -> Mask:
    """One side of a straight line through the middle third of a frame."""
    y, x = (np.linspace(-1.0, 1.0, n) for n in shape)
    angle, reach = rng.uniform(0.0, 2.0 * np.pi), rng.uniform(-0.3, 0.3)
    return np.asarray(np.cos(angle) * x[np.newaxis] + np.sin(angle) * y[:, np.newaxis] < reach)
