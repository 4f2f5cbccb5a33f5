"""From trained weights to what the pipeline runs: ONNX graphs, a golden answer and a card.

Knows torch's exporter and how graphs are held to torch's own answers. Refuses to know how
weights are made and how good they are.

Float16 lives in the trunk alone: input, output, the sum with the base and the variance's
bounds stay float32 (:class:`models.nets.Network`), and the graph is strongly typed.
"""

from __future__ import annotations

import copy
import hashlib
import logging
import os
import shutil
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import torch
from numpy.typing import NDArray

from models import checkpoints
from models.batches import VALIDATION_SEED, Draw, held_out, tensors
from models.files import write_whole
from models.nets import Network
from models.recipe import Recipe
from models.validation import Calibration, calibrate
from pipeline import __version__
from pipeline.core import AllsunError, BadRequest
from pipeline.enhance.card import CARD, Card, Metric, Output, Training, read_card
from pipeline.enhance.parity import BOUNDS, measure

OPSET = 18
GOLDEN = "golden.npz"
CLOSE = 1e-3  # gauss: no graph ships that is further from torch
LONGEST = 1 << 15  # pixels along a side

Answers = dict[str, NDArray[np.float32]]


class NotTheSame(AllsunError):
    """An exported graph does not compute what torch computes."""


@dataclass(frozen=True, slots=True)
class Exported:
    """What came of it.

    folder : ``<weights>/<name>/<version>``
    difference : gauss, largest between torch and the float32 graphs
    half : why there are no float16 graphs; empty if there are
    """

    folder: Path
    difference: float
    half: str


def export(
    members: Sequence[Path],
    x: NDArray[np.float32],
    weights: Path,
    calibration: Calibration,
) -> Exported:
    """Write the network, or ensemble, of the trained *members* below *weights*.

    members : files ``best.pt`` of one recipe, with different seeds
    x : (1, C, H, W), H and W different multiples of the stride: an input as in operation
    calibration : of the stated errors, fitted on validation data

    Raises
    ------
    BadFile : a member cannot be used.
    BadRequest : members are of different recipes, or this version exists already.
    NotTheSame : a graph's answer is more than :data:`CLOSE` from torch's. Nothing is left.
    """
    recipe, nets = _members(members)
    folder = weights / recipe.name / recipe.about.version
    if folder.exists():
        raise BadRequest(
            f"{folder}: this version exists; raise about.version in the recipe, or remove it."
        )
    names = ["model.onnx", *(f"model-{n}.onnx" for n in range(2, len(nets) + 1))]
    with _appearing(folder) as part:
        for name, net in zip(names, nets, strict=True):
            write_graph(net, x, part / name)
        difference = max(
            _distance(recipe, net, part / name, x) for name, net in zip(names, nets, strict=True)
        )
        golden = _stacked([answer(part / name, x) for name in names])
        np.savez_compressed(part / GOLDEN, allow_pickle=False, x=x, **golden)
        output = _output(recipe, calibration)
        halves, why = _halves(nets, names, x, golden, output, part)
        card = _card(recipe, nets[0], output, names, halves, part)
        (part / CARD).write_text(card.model_dump_json(indent=2) + "\n")
    return Exported(folder, difference, why)


def calibrated(members: Sequence[Path], draw: Draw) -> tuple[NDArray[np.float32], Calibration]:
    """What :func:`export` needs besides: an input as in operation, and how errors are stated.

    draw : gives batches of validation data

    Raises
    ------
    BadFile : a member cannot be used.
    BadRequest : members are of different recipes.
    """
    recipe, nets = _members(members)
    batches = held_out(recipe, draw)
    x, _, _ = tensors(draw(2, VALIDATION_SEED, 0))
    return torch.cat([x[:1], x[1:]], 3).numpy(), calibrate(recipe, nets, batches)


def add_metrics(folder: Path, metrics: Sequence[Metric]) -> None:
    """Put the numbers of an evaluation into the card in *folder*, in place of those there.

    Raises
    ------
    BadFile : there is no good card.
    CannotWrite : the file system refuses.
    """
    _write_card(folder, read_card(folder).model_copy(update={"metrics": tuple(metrics)}))


def restate(folder: Path, sigma_scale: float) -> None:
    """Put into the card in *folder* what its stated errors are to be multiplied with.

    Raises
    ------
    BadFile : there is no good card.
    CannotWrite : the file system refuses.
    """
    card = read_card(folder)
    output = card.output.model_copy(update={"sigma_scale": sigma_scale})
    _write_card(folder, card.model_copy(update={"output": output}))


def write_graph(net: Network, x: NDArray[np.float32], path: Path) -> None:
    """*net* as ONNX, its input of any height and width that are multiples of its stride."""
    height, width = (net.stride * torch.export.Dim(side, max=LONGEST) for side in "hw")
    with _quiet():
        program = torch.onnx.export(
            net.eval(),
            (torch.from_numpy(x),),
            dynamo=True,
            opset_version=OPSET,
            input_names=["x"],
            output_names=["mean", "log_variance"][: net.trunk.outputs],
            dynamic_shapes=({2: height, 3: width},),
            verbose=False,
        )
    model = program.model_proto
    _forget(model)
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, path)


def answer(path: Path, x: NDArray[np.float32]) -> Answers:
    """What the graph in *path* makes of *x* on the CPU, by output."""
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    return dict(zip(names, session.run(names, {"x": x}), strict=True))


def _write_card(folder: Path, card: Card) -> None:
    text = card.model_dump_json(indent=2) + "\n"
    write_whole(folder / CARD, lambda path: path.write_text(text))


def _members(paths: Sequence[Path]) -> tuple[Recipe, list[Network]]:
    if not paths:
        raise BadRequest("Nothing to export; name at least one best.pt.")
    read = [checkpoints.trained(path) for path in paths]
    first = read[0][0]
    for path, (recipe, _) in zip(paths, read, strict=True):
        if recipe.model_copy(update={"seed": first.seed}) != first:
            raise BadRequest(f"{path}: is of another recipe than {paths[0]}; export it alone.")
    return first, [net for _, net in read]


def _in_torch(net: Network, x: NDArray[np.float32]) -> Answers:
    """What torch makes of *x*, by output."""
    with torch.no_grad():
        mean, log_variance = net(torch.from_numpy(x))
    named = {"mean": mean} if log_variance is None else {"mean": mean, "log_variance": log_variance}
    return {name: values.numpy() for name, values in named.items()}


def _distance(recipe: Recipe, net: Network, path: Path, x: NDArray[np.float32]) -> float:
    """Largest difference, in gauss, of mean and sigma between torch and the graph."""
    largest = 0.0
    for turned in (x, np.ascontiguousarray(x.swapaxes(2, 3))):
        wanted, found = _in_torch(net, turned), answer(path, turned)
        differences = [wanted["mean"] - found["mean"]]
        if "log_variance" in wanted:
            sigmas = (np.exp(0.5 * each["log_variance"]) for each in (wanted, found))
            differences.append(np.subtract(*sigmas))
        largest = max(largest, *(float(np.abs(values).max()) for values in differences))
    largest *= recipe.output.scale
    if not largest <= CLOSE:
        raise NotTheSame(
            f"{path.name} of {recipe.name} is {largest:.2g} G from torch's answer, beyond "
            f"{CLOSE:g} G; nothing was exported. Choose operators that ONNX has."
        )
    return largest


def _stacked(answers: Sequence[Answers]) -> Answers:
    """What all members answer, along a new first axis."""
    return {name: np.stack([each[name] for each in answers]) for name in answers[0]}


def _halves(
    nets: Sequence[Network],
    names: Sequence[str],
    x: NDArray[np.float32],
    golden: Answers,
    output: Output,
    part: Path,
) -> tuple[list[str], str]:
    """Write the graphs with float16 inside; none, and why, if they would change too much.

    Torch judges that: ONNX Runtime has few float16 kernels for CPUs, and computes around
    the others in float32.
    """
    halves = [copy.deepcopy(net) for net in nets]
    for half in halves:
        half.trunk.half()
    found = _stacked([_in_torch(half, x) for half in halves])
    if why := measure(found, golden, output).beyond(BOUNDS):
        return [], f"they would be off: {why}"
    called = [name.replace(".onnx", ".fp16.onnx") for name in names]
    for name, half in zip(called, halves, strict=True):
        write_graph(half, x, part / name)
    return called, ""


def _output(recipe: Recipe, calibration: Calibration) -> Output:
    return Output(
        quantity=recipe.about.quantity,
        scale=recipe.output.scale,
        factor=recipe.output.factor,
        field_scale=recipe.about.field_scale,
        uncertainty=recipe.output.uncertainty,
        sigma_scale=calibration.sigma_scale,
        error_length=calibration.error_length,
        returns=recipe.output.returns,
    )


def _card(
    recipe: Recipe,
    net: Network,
    output: Output,
    names: Sequence[str],
    halves: Sequence[str],
    part: Path,
) -> Card:
    about, split = recipe.about, recipe.data.split
    return Card(
        name=recipe.name,
        version=about.version,
        task=about.task,
        summary=about.summary,
        instruments=about.instruments,
        inputs=recipe.inputs,
        grid=about.grid,
        output=output,
        receptive_field=net.receptive_field,
        stride=net.stride,
        training=Training(
            data=about.data,
            period=about.period,
            held_out=", ".join(sorted(split.test | split.validation)),
            recipe=recipe.name,
            seed=recipe.seed,
            software=f"allsun {__version__}, torch {torch.__version__.split('+')[0]}",
        ),
        licence=about.licence,
        metrics=(),
        limits=about.limits,
        members=tuple(names),
        half=tuple(halves),
        golden=GOLDEN,
        files={
            file.name: hashlib.sha256(file.read_bytes()).hexdigest()
            for file in sorted(part.iterdir())
        },
    )


def _forget(model: Any) -> None:
    """Take out of *model* what the exporter noted of this machine: paths, source lines."""
    del model.metadata_props[:]
    del model.graph.metadata_props[:]
    for listed in (model.graph.node, model.graph.value_info, model.graph.initializer):
        for item in listed:
            del item.metadata_props[:]
            item.doc_string = ""


@contextmanager
def _quiet() -> Iterator[None]:
    """Without what torch's exporter tells of its own affairs."""
    loggers = [logging.getLogger(name) for name in ("torch.onnx", "onnxscript", "onnx_ir")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # deprecations within torch
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)


@contextmanager
def _appearing(folder: Path) -> Iterator[Path]:
    """A folder to fill, which takes its place in one step; gone if filling it fails."""
    part = folder.with_name(f".{folder.name}.{os.getpid()}")
    part.mkdir(parents=True)
    try:
        yield part
        part.rename(folder)
    finally:
        shutil.rmtree(part, ignore_errors=True)
