"""One region seen in many ways: turned, nearer or farther, from the side, elsewhere on the disk.

Few regions are all there is; these are the changes under which the field at the
photosphere stays a field that could be. Flips and polarity are ``patches``'s.
Refuses to know: cameras, batches, splits.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import affine_transform

from models.data.scene import SEMIDIAMETER, Field, Scene

Matrix = NDArray[np.float64]

FRINGE = 1.02  # solar radii; pieces are placed up to here, so that some hold the limb


@dataclass(frozen=True, slots=True)
class Views:
    """How pieces of a scene are varied before a camera looks at them.

    turned : share of the pieces that are turned by any angle, zoomed and foreshortened
    zoom : natural logarithm of the largest magnification, and of the smallest, negative
    slant : smallest cosine of the angle from which a turned piece is seen
    strength : natural logarithm of the largest factor on the field, and of the smallest,
        negative
    pedestal : gauss, standard deviation of a constant added to the field, for the errors of a
        camera's zero point: it is to stay a pedestal, not to be sharpened into network;
        fields with a limit get none, for it would no longer tell what was clipped
    anywhere : share of the pieces that are placed at random on the disk, part of it perhaps
        beyond the limb; few regions tell their place, and a network would learn them by it
    """

    turned: float = 0.0
    zoom: float = 0.22
    slant: float = 0.5
    strength: float = 0.0
    pedestal: float = 0.0
    anywhere: float = 0.0

    def of(self, piece: Scene, rng: np.random.Generator) -> Scene:
        """A variation of *piece*, of the same shape; NaN where nothing of it is seen.

        A piece with a pair is returned as it is: its pair would not fit any more.
        """
        if piece.observed is not None:
            return piece
        if rng.random() < self.turned:
            piece = self._turned(piece, rng)
        factor = np.float32(math.exp(rng.uniform(-self.strength, self.strength)))
        piece = replace(piece, field=piece.field * factor, limit=piece.limit * float(factor))
        if math.isinf(piece.limit):
            added = np.float32(rng.normal(0.0, self.pedestal))
            piece = replace(piece, field=piece.field + added)
        return _anywhere(piece, rng) if rng.random() < self.anywhere else piece

    def _turned(self, piece: Scene, rng: np.random.Generator) -> Scene:
        turn, towards = rng.uniform(0.0, 2.0 * math.pi), rng.uniform(0.0, math.pi)
        magnified = math.exp(rng.uniform(-self.zoom, self.zoom))
        mu = rng.uniform(self.slant, 1.0)
        squeeze = _rotation(towards) @ np.diag([1.0 / mu, 1.0]) @ _rotation(towards).T
        return moved(piece, _rotation(turn) @ squeeze / magnified)


def moved(piece: Scene, matrix: Matrix) -> Scene:
    """*piece* at the places *matrix* (2, 2) leads to from its middle, by cubic splines.

    Pixels off the piece, and those that splines would take from unmeasured or clipped ones,
    are NaN. What is magnified keeps its ``pixel``: it is as if the Sun's features were larger.
    """
    rows, columns = piece.field.shape
    middle = 0.5 * np.array([rows - 1, columns - 1])
    offset: list[float] = (middle - matrix @ middle).tolist()

    def splines(values: Field) -> Field:
        return np.asarray(affine_transform(values, matrix, offset, order=3, mode="mirror"))

    def between(values: Field) -> Field:
        return np.asarray(affine_transform(values, matrix, offset, order=1, mode="constant"))

    valid = piece.valid
    known = between(valid.astype(np.float32)) > 0.999
    field = splines(np.where(valid, piece.field, np.float32(0.0)))
    return replace(
        piece,
        field=np.where(known, field, np.float32(np.nan)),
        radius=between(piece.radius),
        limit=math.inf,
    )


def _anywhere(piece: Scene, rng: np.random.Generator) -> Scene:
    """*piece* at a place of the disk where every place is as likely; NaN beyond the limb."""
    rows, columns = piece.field.shape
    away = FRINGE * math.sqrt(rng.random())
    angle = rng.uniform(0.0, 2.0 * math.pi)
    step = piece.pixel / SEMIDIAMETER
    y = away * math.sin(angle) + step * (np.arange(rows) - 0.5 * rows)
    x = away * math.cos(angle) + step * (np.arange(columns) - 0.5 * columns)
    radius = np.hypot(y[:, None], x[None, :]).astype(np.float32)
    field = np.where(radius < 1.0, piece.field, np.float32(np.nan))
    return replace(piece, field=field, radius=radius)


def _rotation(angle: float) -> Matrix:
    return np.array(
        [[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]], np.float64
    )
