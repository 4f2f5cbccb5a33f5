"""Engines that TensorRT has built: what they are called, for which inputs, what is stale.

``<cache>/<network>/<version>/<key>/`` holds the engine and timing caches of one build and
the parity that was measured. The key names everything that makes an engine useless when it
changes, so that one of another version is never found, and never used.

Knows: names, shapes, folders. Refuses to know: how engines are built and run.
"""

from __future__ import annotations

import hashlib
import shutil
from dataclasses import dataclass
from pathlib import Path

from pipeline.enhance.card import Card

BUILT = "built"  # left in a folder when its engine is complete
WIDEST = 2160.0  # arcsec: GONG's 860 px of 2.5″ and HMI's 4096 px of .504″ are within
LARGEST = 4096  # px


@dataclass(frozen=True, slots=True)
class Shapes:
    """The inputs that an engine takes: from *least* to *largest* pixels along each side."""

    channels: int
    least: int
    largest: int

    @property
    def single(self) -> bool:
        """Whether there is one shape only."""
        return self.least == self.largest

    @property
    def texts(self) -> tuple[str, str]:
        """Smallest and largest, as options of TensorRT's providers."""
        least, largest = (f"x:1x{self.channels}x{n}x{n}" for n in (self.least, self.largest))
        return least, largest

    def admit(self, shape: tuple[int, ...]) -> bool:
        """Whether an input (C, H, W) is one of them."""
        return all(self.least <= side <= self.largest for side in shape[1:])


def shapes(card: Card, golden: int) -> Shapes:
    """What a network is shown: whole frames, tiles of them, and the golden input.

    golden : pixels along the longer side of the golden input
    """
    stride = card.stride
    if card.grid.side:
        largest = card.grid.side
    elif card.grid.pixel_scale:
        largest = min(LARGEST, round(WIDEST / card.grid.pixel_scale[0]))
    else:
        largest = LARGEST
    largest = -(-max(largest, golden) // stride) * stride
    fixed = card.grid.side is not None and golden == largest
    return Shapes(len(card.inputs), largest if fixed else stride, largest)


def key(ep: str, version: str, runtime: str, capability: str, made_of: str) -> str:
    """Name of the folder of an engine.

    ep : ONNX Runtime's name of the execution provider
    version, runtime : of the library that builds, and of ONNX Runtime
    capability : compute capability of the GPU, as ``90``
    made_of : whatever else it depends on: graphs, shapes
    """
    parts = [ep.removesuffix("ExecutionProvider"), version, f"ort{runtime}"]
    parts += [f"sm{capability}" if capability else "", hashlib.sha256(made_of.encode()).hexdigest()]
    return "-".join(part[:24] for part in parts if part)


def home(cache: Path, card: Card) -> Path:
    """Where the engines of a network lie."""
    return cache / card.name / card.version


def built(folder: Path) -> bool:
    """Whether an engine was completed there."""
    return (folder / BUILT).is_file()


def complete(folder: Path) -> None:
    """Say that it was."""
    (folder / BUILT).touch()


def prune(folder: Path, keep: set[str]) -> list[Path]:
    """Remove what was built in *folder* before a version changed; returns what is gone.

    keep : the keys of today, by whose execution providers other folders are judged
    """
    providers = {name.split("-")[0] for name in keep}
    stale = [
        path
        for path in sorted(folder.glob("*"))  # none if nothing was ever built
        if path.is_dir() and path.name not in keep and path.name.split("-")[0] in providers
    ]
    for path in stale:
        shutil.rmtree(path)
    return stale
