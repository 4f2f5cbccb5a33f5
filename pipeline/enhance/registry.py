"""The networks installed on this machine.

Knows: where weights lie (``<name>/<version>/`` below one folder), which version is newest,
whether the files are those that the card was written for. Refuses to know: how to run them.

The golden file holds ``x``, float32 [1, C, H, W], and the answers of the graphs to it, as
they came, stacked: ``mean`` [M, 1, 1, f·H, f·W], with ``log_variance`` [M, 1, 1, f·H, f·W] or
``samples`` [M, 1, S, f·H, f·W] if the card names them.
"""

from __future__ import annotations

import difflib
import hashlib
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from pipeline.core import BadFile, BadRequest
from pipeline.enhance.card import CARD, Card, read_card

WEIGHTS = Path(__file__).resolve().parents[2] / "models" / "weights"
REMEDY = "install the weights again or export them anew"


class BadNetwork(BadFile):
    """A network cannot be used as it is."""


@dataclass(frozen=True, slots=True)
class Network:
    """One version of a network, as it lies on disk."""

    folder: Path
    card: Card

    @property
    def digest(self) -> str:
        """SHA-256 over the card's list of files, written as ``sha256sum`` writes it."""
        lines = (f"{sha256}  {name}\n" for name, sha256 in sorted(self.card.files.items()))
        return hashlib.sha256("".join(lines).encode()).hexdigest()

    def content(self, name: str) -> bytes:
        """The bytes of one file, which are those that the card was written for.

        Raises
        ------
        BadNetwork : the file is missing or has another hash.
        """
        path = self.folder / name
        try:
            content = path.read_bytes()
        except OSError as error:
            raise BadNetwork(path, f"it cannot be read ({error.strerror})", REMEDY) from None
        found = hashlib.sha256(content).hexdigest()
        if found != self.card.files[name]:
            problem = (
                f"its SHA-256 begins with {found[:12]} where the card of {self.card.label} "
                f"says {self.card.files[name][:12]}"
            )
            raise BadNetwork(path, problem, REMEDY)
        return content

    def golden(self) -> Mapping[str, NDArray[np.float32]]:
        """The golden input and the answers to it.

        Raises
        ------
        BadNetwork : the file is damaged or lacks an array.
        """
        name = self.card.golden
        wanted = {"x", "mean", self.card.output.uncertainty} - {"none"}
        try:
            with np.load(io.BytesIO(self.content(name)), allow_pickle=False) as arrays:
                return {key: arrays[key].astype(np.float32) for key in sorted(wanted)}
        except (OSError, ValueError, KeyError, BadZipFile) as error:
            problem = f"it is not a golden answer with {', '.join(sorted(wanted))} ({error})"
            raise BadNetwork(self.folder / name, problem, REMEDY) from None


def read(folder: Path) -> Network:
    """The network in *folder*, which is named as the card says.

    Raises
    ------
    BadNetwork : the card is missing, wrong, or another network's.
    """
    try:
        card = read_card(folder)
    except BadFile as error:
        raise BadNetwork(error.path, error.problem, error.remedy) from None
    if (folder.parent.name, folder.name) != (card.name, card.version):
        problem = f"it is the card of {card.label}"
        raise BadNetwork(folder / CARD, problem, f"move the folder to {card.label}")
    return Network(folder, card)


def installed(weights: Path = WEIGHTS) -> list[Network]:
    """The networks below *weights* whose cards can be read, by name and version."""
    return [found for found in _all(weights) if isinstance(found, Network)]


def refused(weights: Path = WEIGHTS) -> list[BadNetwork]:
    """What is wrong with the others."""
    return [found for found in _all(weights) if isinstance(found, BadNetwork)]


def find(weights: Path, name: str) -> Network:
    """The network called *name*: ``hmi-denoise/1``, or ``hmi-denoise`` for its newest version.

    Raises
    ------
    BadRequest : none is installed under that name.
    BadNetwork : the one that is has a bad card.
    """
    folders = _folders(weights)
    fitting = [f for f in folders if name in (f.parent.name, f"{f.parent.name}/{f.name}")]
    if fitting:
        return read(fitting[-1])
    names = {f.parent.name for f in folders} | {f"{f.parent.name}/{f.name}" for f in folders}
    near = difflib.get_close_matches(name, sorted(names), n=1)
    hint = f"did you mean {near[0]!r}?" if near else "`allsun models list` shows what is."
    raise BadRequest(f"No network {name!r} is installed in {weights}; {hint}")


def _all(weights: Path) -> Iterator[Network | BadNetwork]:
    for folder in _folders(weights):
        try:
            yield read(folder)
        except BadNetwork as error:
            yield error


def _folders(weights: Path) -> list[Path]:
    """Folders of versions, by name and then as numbers: 10 comes after 9."""
    return sorted((p for p in weights.glob("[!.]*/[0-9]*") if p.is_dir()), key=_order)


def _order(folder: Path) -> tuple[str, list[int], str]:
    return folder.parent.name, [int(n) for n in folder.name.split(".") if n.isdigit()], folder.name
