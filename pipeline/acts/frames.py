"""How frames compare with the map that awaited them, and with each other, in numbers.

Knows: where a comparison is fair. Refuses to know: how much of a difference is too much.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from pipeline.core import CarringtonGrid, GlobalMap
from pipeline.core.geometry import Floats
from pipeline.surface import Layer

MAGNETOGRAPHS = ("hmi", "gong")
CENTRAL = 0.5  # cosine; nearer to the limb a frame is stronger for taking its field as radial
BLOCK = 4  # cells; over two degrees neither seeing nor six hours of rotation count
DEGREES = 2.0  # of blocks of quiet Sun: in finer ones the noise of pixels would count
LATELY = 72.0  # hours; for so long quiet Sun is carried on at its strength
NORMAL = 0.6745  # median distance of a normal deviate from its mean, in standard deviations
# Neighbouring cells share pixels, and those their errors: blocks of small simulated frames have
# 1.4 to 1.9 times the noise that they would have of cells by themselves.
SHARED = 2.0
ENOUGH = 50  # blocks seen by both; fewer tell nothing


def strengths(awaiting: GlobalMap, layers: Mapping[str, Layer]) -> dict[str, float]:
    """Mean unsigned field of each magnetograph's frame over that of the map *awaiting* it.

    Within 60 deg of disk centre, where both have some.
    """
    ratios = {}
    for name in layers.keys() & MAGNETOGRAPHS:
        seen = _central(layers[name])
        if seen.any() and awaiting.br[seen].any():
            frame = np.abs(layers[name].br[seen]).mean()
            ratios[name] = float(frame / np.abs(awaiting.br[seen], dtype=np.float64).mean())
    return ratios


def quiet_spreads(awaiting: GlobalMap, layers: Mapping[str, Layer]) -> dict[str, float]:
    """The same of the median distance from the median over blocks of two degrees.

    Where the map was seen in the last days. Most blocks are quiet Sun, and no zero point counts.
    The noise that the frame states of itself is no difference: one where the frame has up to
    that much more than the map, which may have averaged it away.
    """
    ratios = {}
    side = round(DEGREES * awaiting.grid.nlon / 360.0)
    for name in layers.keys() & MAGNETOGRAPHS:
        layer = layers[name]
        seen = _central(layer) & (awaiting.age < LATELY)
        pair = _blocks([np.where(seen, br, np.nan) for br in (layer.br, awaiting.br)], side)
        if pair.shape[1] < ENOUGH:
            continue
        centred = pair - np.median(pair, axis=1, keepdims=True)
        frame, expected = np.median(np.abs(centred), axis=1)
        noise = np.sqrt(np.mean(np.broadcast_to(layer.noise, seen.shape)[seen] ** 2))
        noisy = np.hypot(expected, NORMAL * SHARED * noise / side)
        if expected:
            ratios[name] = float(frame / np.clip(frame, expected, noisy))
    return ratios


def both(layers: Mapping[str, Layer]) -> Floats | None:
    """HMI and GONG in blocks of cells that both see whole, (2, n) gauss, if they are enough."""
    if not layers.keys() >= {*MAGNETOGRAPHS}:
        return None
    pair = _blocks([layers[name].br for name in MAGNETOGRAPHS], BLOCK)
    return pair if pair.shape[1] >= ENOUGH and pair.std(axis=1).all() else None


def _central(layer: Layer) -> NDArray[np.bool_]:
    """Cells within 60 deg of disk centre in which the frame saw something."""
    nlat, nlon = layer.br.shape
    mu = layer.observation.observer.mu(*CarringtonGrid(nlon, nlat).mesh())
    return np.isfinite(layer.br) & (mu > CENTRAL)


def _blocks(fields: Sequence[Floats], side: int) -> Floats:
    """Means of two fields over blocks of *side* by *side* cells that lie whole in both, (2, n)."""
    nlat, nlon = fields[0].shape
    grid, coarse = CarringtonGrid(nlon, nlat), CarringtonGrid(nlon // side, nlat // side)
    pair = np.stack([grid.block_mean(field, coarse).ravel() for field in fields])
    return pair[:, np.isfinite(pair).all(axis=0)]
