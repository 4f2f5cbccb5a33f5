"""Networks small enough to know by heart, written as the workshop writes real ones.

``write_network(weights, "blur", radius=4)`` makes ``weights/blur/1/`` with graph, card and
golden answer and returns that folder. The kinds are the functions of :data:`KINDS`, whose
arguments pass through; any other keyword changes the card. All take the channels ``field``
(100 G) and ``mask`` and answer in units of 100 G.
"""

from __future__ import annotations

import hashlib
import inspect
import io
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime as ort
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

SCALE = 100.0
CHANNELS = (
    {"name": "field", "kind": "field", "clip": (-3500, 3500), "scale": SCALE},
    {"name": "mask", "kind": "mask"},
)


@dataclass(frozen=True)
class Graph:
    """A graph and what its card must say of it."""

    nodes: Sequence[onnx.NodeProto]
    weights: dict[str, NDArray[Any]]
    receptive_field: int = 0
    stride: int = 1
    factor: int = 1
    extra: str = "none"
    count: int = 1

    def model(self, channels: int = len(CHANNELS)) -> onnx.ModelProto:
        size = (1, channels, "H", "W")
        out = ("fH", "fW")
        outputs = [("mean", (1, 1, *out))]
        if self.extra != "none":
            outputs.append((self.extra, (1, self.count, *out)))
        graph = helper.make_graph(
            list(self.nodes),
            "test",
            [helper.make_tensor_value_info("x", TensorProto.FLOAT, size)],
            [helper.make_tensor_value_info(n, TensorProto.FLOAT, s) for n, s in outputs],
            [numpy_helper.from_array(array, name) for name, array in self.weights.items()],
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)
        onnx.checker.check_model(model, full_check=True)
        return model


FIELD = {
    "begin": np.array([0], np.int64),
    "end": np.array([1], np.int64),
    "axis": np.array([1], np.int64),
}


def _field(name: str = "field") -> onnx.NodeProto:
    """The first channel, alone."""
    return helper.make_node("Slice", ["x", "begin", "end", "axis"], [name])


def identity(factor: int = 1) -> Graph:
    """The field as it came, each pixel repeated *factor* times along each axis."""
    scales = np.array([1, 1, factor, factor], np.float32)
    grow = helper.make_node(
        "Resize",
        ["field", "", "scales"],
        ["mean"],
        mode="nearest",
        coordinate_transformation_mode="asymmetric",
        nearest_mode="floor",
    )
    return Graph([_field(), grow], FIELD | {"scales": scales}, factor=factor)


def gaussian(radius: int) -> NDArray[np.float32]:
    """The kernel of :func:`blur`, whose standard deviation is half its radius."""
    line = np.exp(-2 * (np.arange(-radius, radius + 1) / radius) ** 2)
    kernel = np.outer(line, line)
    return (kernel / kernel.sum()).astype(np.float32)


def blur(radius: int = 3) -> Graph:
    """The field under a Gaussian; beyond the image it sees zeros."""
    return _convolution(gaussian(radius))


def box(radius: int = 3) -> Graph:
    """The field under a square; every pixel within *radius* counts the same."""
    width = 2 * radius + 1
    return _convolution(np.full((width, width), 1 / width**2, np.float32))


def _convolution(kernel: NDArray[np.float32]) -> Graph:
    radius = len(kernel) // 2
    node = helper.make_node("Conv", ["field", "kernel"], ["mean"], pads=[radius] * 4)
    return Graph([_field(), node], FIELD | {"kernel": kernel[None, None]}, radius)


def nan(above: float = 5.0) -> Graph:
    """The field, but NaN where it is stronger than *above* in units of 100 G."""
    nodes = [
        _field(),
        helper.make_node("Abs", ["field"], ["strength"]),
        helper.make_node("Greater", ["strength", "limit"], ["broken"]),
        helper.make_node("Where", ["broken", "nothing", "field"], ["mean"]),
    ]
    limits = {"limit": np.float32(above), "nothing": np.float32(np.nan)}
    return Graph(nodes, FIELD | {n: np.array(v) for n, v in limits.items()})


def log_variance(value: float = -2.0) -> Graph:
    """The field, and the same logarithm of its variance everywhere."""
    nodes = [
        _field(),
        helper.make_node("Identity", ["field"], ["mean"]),
        helper.make_node("Mul", ["field", "zero"], ["nothing"]),
        helper.make_node("Add", ["nothing", "value"], ["log_variance"]),
    ]
    weights = {"zero": np.array(0, np.float32), "value": np.array(value, np.float32)}
    return Graph(nodes, FIELD | weights, extra="log_variance")


def samples(offsets: Sequence[float] = (-1.0, 0.0, 1.0)) -> Graph:
    """The field, and one sample of it for each of *offsets*, which is added."""
    nodes = [
        _field(),
        helper.make_node("Identity", ["field"], ["mean"]),
        helper.make_node("Add", ["field", "offsets"], ["samples"]),
    ]
    column = np.array(offsets, np.float32).reshape(1, -1, 1, 1)
    return Graph(nodes, FIELD | {"offsets": column}, extra="samples", count=len(offsets))


def unet(width: int = 4, depth: int = 2, seed: int = 0) -> Graph:
    """A U-Net of random weights that adds its answer to the field.

    Two 3 × 3 convolutions per level on the way down and on the way up, *width* channels on
    top and twice as many per level below; maximum pooling; on the way up half the features, by
    a 1 × 1 convolution, then nearest-neighbour up-sampling.

    A pixel sees n(l) pixels of level l to either side: 4 on every level that is passed twice,
    2 on the lowest; each is 2^l pixels of the image, and the blocks of the lowest level lie
    off-centre by up to 2^depth − 1: altogether 7 · 2^depth − 5.
    """
    random = np.random.default_rng(seed)
    nodes = [_field()]
    weights: dict[str, NDArray[Any]] = FIELD | {"twice": np.array([1, 1, 2, 2], np.float32)}

    def convolve(x: str, name: str, channels: tuple[int, int], size: int = 3) -> str:
        spread = np.sqrt(2 / (channels[0] * size**2))  # He et al. 2015, as trained ones begin
        shape = (channels[1], channels[0], size, size)
        weights[f"{name}.w"] = random.normal(0, spread, shape).astype(np.float32)
        weights[f"{name}.b"] = random.normal(0, 0.1, channels[1]).astype(np.float32)
        inputs = [x, f"{name}.w", f"{name}.b"]
        nodes.append(helper.make_node("Conv", inputs, [name], pads=[size // 2] * 4))
        return name

    def block(x: str, name: str, channels: tuple[int, int]) -> str:
        for step, pair in enumerate([channels, (channels[1], channels[1])]):
            convolve(x, f"{name}.{step}", pair)
            x = f"{name}.{step}.relu"
            nodes.append(helper.make_node("Relu", [f"{name}.{step}"], [x]))
        return x

    x, before, skips = "x", len(CHANNELS), []
    for level in range(depth + 1):
        after = width * 2**level
        x = block(x, f"down{level}", (before, after))
        before = after
        if level < depth:
            skips.append(x)
            pool = {"kernel_shape": [2, 2], "strides": [2, 2]}
            nodes.append(helper.make_node("MaxPool", [x], [f"pool{level}"], **pool))
            x = f"pool{level}"
    for level in reversed(range(depth)):
        after = width * 2**level
        nearest = {"coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}
        mixed = convolve(x, f"mix{level}", (before, after), size=1)
        nodes.append(
            helper.make_node(
                "Resize", [mixed, "", "twice"], [f"up{level}"], mode="nearest", **nearest
            )
        )
        both = [f"up{level}", skips[level]]
        nodes.append(helper.make_node("Concat", both, [f"both{level}"], axis=1))
        x = block(f"both{level}", f"rise{level}", (2 * after, after))
        before = after
    convolve(x, "last", (width, 1), size=1)
    nodes.append(helper.make_node("Add", ["last", "field"], ["mean"]))
    return Graph(nodes, weights, receptive_field=7 * 2**depth - 5, stride=2**depth)


KINDS: dict[str, Callable[..., Graph]] = {
    "identity": identity,
    "blur": blur,
    "box": box,
    "nan": nan,
    "log_variance": log_variance,
    "samples": samples,
    "unet": unet,
}


def write_network(
    weights: Path, kind: str, *, members: Sequence[dict[str, Any]] = ({},), **changes: Any
) -> Path:
    """Install a network of *kind* below *weights* and return its folder.

    *members*, for an ensemble: the arguments by which each member differs.
    """
    build = KINDS[kind]
    arguments = {n: changes.pop(n) for n in inspect.signature(build).parameters if n in changes}
    graphs = [build(**arguments | member) for member in members]
    channels = len(changes.get("inputs", CHANNELS))
    models = [graph.model(channels).SerializeToString() for graph in graphs]
    files = {"golden.npz": golden(graphs[0], models, channels=channels)}
    names = ["model.onnx", *(f"model{n}.onnx" for n in range(1, len(models)))]
    files |= dict(zip(names, models, strict=True))
    return write_files(weights, card_of(kind, graphs[0]) | {"members": names} | changes, files)


def write_files(weights: Path, card: dict[str, Any], files: dict[str, bytes]) -> Path:
    """Put the card and *files* where the registry looks, with their hashes."""
    folder = weights / card["name"] / card["version"]
    folder.mkdir(parents=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)
    hashes = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    (folder / "card.json").write_text(json.dumps({"files": hashes} | card))
    return folder


def golden(
    graph: Graph, models: Sequence[bytes], side: int = 64, channels: int = len(CHANNELS)
) -> bytes:
    """An input and what the networks answer on this processor, as the card asks for."""
    side = max(side, 4 * graph.stride)
    random = np.random.default_rng(1)
    x = np.ones((1, channels, side, side), np.float32)
    x[:, 0] = random.normal(0, 1, (side, side))  # hundreds of gauss, below what breaks nan()
    x[:, :, :3, :5] = 0  # a gap
    sessions = [ort.InferenceSession(model) for model in models]
    answers = [session.run(None, {"x": x}) for session in sessions]
    names = [output.name for output in sessions[0].get_outputs()]
    arrays = dict(zip(names, (np.stack(a) for a in zip(*answers, strict=True)), strict=True))
    file = io.BytesIO()
    np.savez(file, x=x, **arrays)
    return file.getvalue()


def card_of(kind: str, graph: Graph) -> dict[str, Any]:
    """A card that says of *graph* what is true and of its training that there was none."""
    return {
        "name": kind.replace("_", "-"),
        "version": "1",
        "task": "denoise",
        "summary": "A network for tests.",
        "instruments": ["hmi", "mdi", "gong"],
        "inputs": CHANNELS,
        "output": {
            "quantity": "b_los",
            "scale": SCALE,
            "factor": graph.factor,
            "uncertainty": graph.extra,
        },
        "receptive_field": graph.receptive_field,
        "stride": graph.stride,
        "training": {
            "data": "none",
            "period": ["2014-01-01", "2014-01-31"],
            "held_out": "none",
            "recipe": "none",
            "seed": 0,
            "software": "onnx",
        },
        "licence": "Apache-2.0",
        "metrics": [],
        "limits": ["It was never trained."],
    }
