"""Running trained networks on images.

Knows: weights and their cards, runtimes, tiles, what a network must be given and what its
answer means. Refuses to know: how networks are trained.

Where do I find …
    what a network says of itself?                       ``card``, ``registry``
    an image as a network takes it?                      ``channels``, ``prepare``, ``frames``
    what computes it, and what if that fails?            ``runtime``, ``attempts``, ``providers``
    whether an answer can be trusted?                    ``parity``
    engines built ahead, work and memory of a graph?     ``engines``, ``graph``
    a frame larger than memory?                          ``tiles``
    the answer as an image, with its standard error?     ``sigma``, ``restore``
"""

from __future__ import annotations

import time
from collections.abc import Sequence

from pipeline.core import BadRequest, Inference, SolarImage
from pipeline.enhance import telemetry
from pipeline.enhance.card import Card
from pipeline.enhance.channels import objection
from pipeline.enhance.prepare import prepare
from pipeline.enhance.providers import Name, present
from pipeline.enhance.registry import WEIGHTS, BadNetwork, Network, find, installed, refused
from pipeline.enhance.registry import read as read_network
from pipeline.enhance.restore import restore
from pipeline.enhance.runtime import Engine, Runtime, verify
from pipeline.enhance.tiles import compute

__all__ = [
    "WEIGHTS",
    "BadNetwork",
    "Card",
    "Engine",
    "Name",
    "Network",
    "Runtime",
    "compute",
    "enhance",
    "find",
    "installed",
    "objection",
    "present",
    "read_network",
    "refused",
    "suits",
    "verify",
]


def enhance(images: Sequence[SolarImage], engine: Engine, tile: int | None = None) -> SolarImage:
    """The Sun on *images* as the network that *engine* runs sees it, in gauss.

    images : one, or one for each measured channel of the network; from where and when the
        first of them was taken, the result is seen
    tile : longest side in pixels of what is computed at a time, less its margins; by default
        as much as the engine's memory holds. The result does not depend on it.

    Raises
    ------
    BadFile : an image does not suit the network, is missing, or shows nothing.
    BadRequest : there is no image, or *tile* or the memory are too small for any tile.
    BadNetwork : nothing could compute the network.
    """
    if not images:
        raise BadRequest(f"{engine.card.label} needs an image; give one.")
    if tile is not None and tile < 1:
        raise BadRequest(f"A tile of {tile} pixels holds nothing; give at least 1.")
    begin, card = time.monotonic(), engine.card
    prepared = prepare(images, card)
    mean, sigma = compute(prepared.x, prepared.mask, engine, tile)
    telemetry.OUTSIDE.labels(card.label).set(prepared.beyond)
    inference = Inference(
        network=card.label,
        sha256=engine.digest,
        provider=engine.provider,
        parity=engine.parity.largest,
        outside=prepared.beyond,
        seconds=time.monotonic() - begin,
        notes=(*engine.notes, *prepared.notes),
    )
    return restore(mean, sigma, prepared, images, card, inference)


def suits(card: Card, image: SolarImage) -> bool:
    """Whether the network with this *card* takes *image*; :func:`objection` tells why not."""
    return objection(card, image) is None
