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

import numpy as np
import onnx
from google.protobuf.message import DecodeError
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
        BadNetwork : the file is damaged, or an array is missing or of another shape.
        """
        card, names = self.card, sorted({"x"} | wanted(self.card))
        path = self.folder / card.golden
        content = io.BytesIO(self.content(card.golden))
        try:
            with np.load(content, allow_pickle=False) as file:
                arrays = {name: file[name].astype(np.float32) for name in names}
        except Exception as error:  # numpy meets damaged bytes with almost any exception
            problem = f"it is not a golden answer with {', '.join(names)} ({error})"
            raise BadNetwork(path, problem, REMEDY) from None
        height, width = arrays["x"].shape[2:] if arrays["x"].ndim == 4 else (0, 0)
        factor, members = card.output.factor, len(card.members)
        for name, array in arrays.items():
            samples = array.shape[2] if name == "samples" and array.ndim == 5 else 1
            right: tuple[int, ...] = (members, 1, samples, factor * height, factor * width)
            if name == "x":
                right = (1, len(card.inputs), height, width)
            if array.shape != right:
                problem = f"{name} has the shape {array.shape}, where the card asks for {right}"
                raise BadNetwork(path, problem, REMEDY)
            if name == "samples" and samples < 2:
                raise BadNetwork(path, "one sample has no scatter, which is its error", REMEDY)
        if not (height and width) or height % card.stride or width % card.stride:
            problem = f"x is {height} by {width} pixels, no multiple of the stride {card.stride}"
            raise BadNetwork(path, problem, REMEDY)
        return arrays


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


def check(network: Network) -> None:
    """Hold every file to its hash, and every graph to ONNX's rules and to what the card says.

    Raises
    ------
    BadNetwork : something disagrees.
    """
    for name in network.card.files:
        network.content(name)
    for name in (*network.card.members, *network.card.half):
        graph(network, name)


def graph(network: Network, name: str) -> onnx.ModelProto:
    """One of the graphs, which keeps to ONNX's rules and takes and gives what the card says.

    Raises
    ------
    BadNetwork : it does not.
    """
    card, path = network.card, network.folder / name
    try:
        model = onnx.load_from_string(network.content(name))
        # All weights are in the file, whose hash is known: no tensor can lie below a file.
        onnx.load_external_data_for_model(model, str(path))
        onnx.checker.check_model(model, full_check=True)
    except (DecodeError, onnx.checker.ValidationError, onnx.shape_inference.InferenceError) as why:
        first = str(why).strip().splitlines()[0]
        raise BadNetwork(path, f"it is not a valid ONNX graph ({first})", REMEDY) from None
    inputs = {each.name: _shape(each) for each in model.graph.input}
    outputs = {each.name for each in model.graph.output}
    channels = len(card.inputs)
    if list(inputs) != ["x"] or inputs["x"][:2] != [1, channels] or len(inputs["x"]) != 4:
        found = ", ".join(f"{key} {value}" for key, value in inputs.items())
        problem = f"it takes {found}, where the card says x [1, {channels}, H, W]"
        raise BadNetwork(path, problem, REMEDY)
    if missing := wanted(card) - outputs:
        problem = f"it gives {', '.join(sorted(outputs))}, not {', '.join(sorted(missing))}"
        raise BadNetwork(path, problem, REMEDY)
    for each in (*model.graph.input, *model.graph.output):
        if (kind := each.type.tensor_type.elem_type) != onnx.TensorProto.FLOAT:
            problem = f"{each.name} is {onnx.TensorProto.DataType.Name(kind)}, not float32"
            raise BadNetwork(path, problem, REMEDY)
    return model


def wanted(card: Card) -> set[str]:
    """Names of a graph's outputs that the card speaks of."""
    return {"mean", card.output.uncertainty} - {"none"}


def _shape(value: onnx.ValueInfoProto) -> list[int | str]:
    dims = value.type.tensor_type.shape.dim
    return [d.dim_value if d.HasField("dim_value") else d.dim_param or "?" for d in dims]


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
