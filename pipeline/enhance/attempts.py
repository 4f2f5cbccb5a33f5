"""One way of computing a network here: a provider, a precision, and what they need.

Knows: which files, options and folders an attempt has, and the gate it must pass. Refuses to
know: what is tried after it.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from pipeline.enhance import engines, providers, telemetry
from pipeline.enhance.card import Card
from pipeline.enhance.parity import BOUNDS, Arrays, Parity, measure, save
from pipeline.enhance.providers import Ep
from pipeline.enhance.registry import Network, wanted
from pipeline.enhance.sessions import Device, Host

Plane = NDArray[np.float32]
Sessions = Sequence[Host | Device]

LONGEST = 300  # characters of a note


@dataclass(frozen=True, slots=True)
class Attempt:
    """A provider and the graphs it is given: with float16 inside, or float32 throughout."""

    provider: providers.Name
    precision: Literal["fp16", "fp32"]

    def __str__(self) -> str:
        return f"{self.provider} {self.precision}"

    def graphs(self, card: Card) -> tuple[str, ...]:
        """Names of the files."""
        return card.half if self.precision == "fp16" else card.members


@dataclass(frozen=True, slots=True)
class Plan:
    """How an attempt is made on this machine.

    folder : of its engine and parity, if a cache was given
    """

    attempt: Attempt
    ep: Ep
    shapes: engines.Shapes
    folder: Path | None

    @property
    def builds(self) -> bool:
        """Whether the provider must build an engine first, which takes minutes."""
        return self.ep in (Ep.TENSORRT, Ep.RTX)


class Failed(Exception):
    """An attempt cannot serve; says why, as a clause."""


# How an attempt may end without its being anybody's defect.
ENDS: tuple[type[Exception], ...] = (Failed, providers.Absent, *providers.ERRORS)


def attempts(chosen: Sequence[providers.Name], card: Card) -> Iterator[Attempt]:
    """What to try, in order: on a GPU half precision first, where the card has it."""
    for provider in chosen:
        if provider != "cpu" and card.half:
            yield Attempt(provider, "fp16")
        yield Attempt(provider, "fp32")


def plan(network: Network, attempt: Attempt, golden: Arrays, cache: Path | None) -> Plan:
    """How *attempt* is made here.

    Raises
    ------
    Absent : the provider cannot be had.
    """
    card, ep = network.card, providers.execution_provider(attempt.provider)
    shapes = engines.shapes(card, max(golden["x"].shape[2:]))
    if cache is None:
        return Plan(attempt, ep, shapes, None)
    key = engines.key(
        ep,
        providers.version(ep),
        ort.__version__,
        "" if ep is Ep.CPU else providers.capability(),
        repr([shapes, *(card.files[name] for name in attempt.graphs(card))]),
    )
    return Plan(attempt, ep, shapes, engines.home(cache, card) / key)


def load(network: Network, planned: Plan, memory: int) -> Sessions:
    """The graphs, ready to run.

    Raises
    ------
    BadNetwork : a file is not what the card says.
    providers.ERRORS : whatever ONNX Runtime raises.
    """
    told = providers.options(
        planned.ep,
        memory=memory,
        folder=str(planned.folder),
        shapes=planned.shapes.texts,
        graphs=planned.shapes.single,
    )
    wrap = Host if planned.ep is Ep.CPU else Device
    names = planned.attempt.graphs(network.card)
    return [wrap(providers.session(network.content(name), planned.ep, told)) for name in names]


def run(sessions: Sessions, x: Plane, planned: Plan, golden: Arrays, card: Card) -> Arrays:
    """What the members answer to *x* (C, H, W), by name, stacked as in the golden file.

    Raises
    ------
    Failed : *x* has no shape that the engine was built for, or an answer is not a number.
    providers.ERRORS : whatever ONNX Runtime raises.
    """
    if planned.builds and not planned.shapes.admit(x.shape):
        least, largest = planned.shapes.least, planned.shapes.largest
        raise Failed(f"its engine takes {least} to {largest} pixels a side, not {x.shape[1:]}")
    height, width = (card.output.factor * side for side in x.shape[1:])
    shapes = {name: (1, golden[name].shape[2], height, width) for name in sorted(wanted(card))}
    answers = [session.run(x[None], shapes) for session in sessions]
    arrays = {name: np.stack([each[n] for each in answers]) for n, name in enumerate(shapes)}
    for name, shape in shapes.items():
        if arrays[name].shape[1:] != shape:
            raise Failed(f"it answers {name} {arrays[name].shape[1:]}, not {shape} as it should")
    if not all(np.isfinite(array).all() for array in arrays.values()):
        raise Failed("it answered with values that are not numbers")
    return arrays


def gate(answer: Arrays, golden: Arrays, planned: Plan, card: Card) -> Parity:
    """Hold an answer to the golden input against the golden answer; leave what was measured.

    Raises
    ------
    Failed : it is too far away.
    """
    for name, array in answer.items():
        if array.shape != golden[name].shape:
            raise Failed(f"it answers {name} {array.shape}, not {golden[name].shape} as it should")
    found = measure(answer, golden, card.output)
    telemetry.record_parity(card.label, str(planned.attempt), found)
    if planned.folder:
        with suppress(OSError):  # a disk that refuses must not cost the answer
            save(found, str(planned.attempt), planned.folder)
    if beyond := found.beyond(BOUNDS):
        raise Failed(f"its answer to the golden input is off: {beyond}")
    return found


def build(network: Network, planned: Plan, golden: Arrays, memory: int) -> str:
    """Have the engine of *planned* built, unless it is, and passed through the gate.

    Raises
    ------
    Failed : there is no folder for it, or it answers wrongly. Nothing is left.
    providers.ERRORS : whatever ONNX Runtime raises.
    """
    if planned.folder is None:
        raise Failed("no folder for engines was given")
    if engines.built(planned.folder):
        return "built before"
    shutil.rmtree(planned.folder, ignore_errors=True)  # what an interrupted build left
    planned.folder.mkdir(parents=True)
    try:
        sessions = load(network, planned, memory)
        answer = run(sessions, golden["x"][0], planned, golden, network.card)
        gate(answer, golden, planned, network.card)
    except BaseException:
        shutil.rmtree(planned.folder)
        raise
    engines.complete(planned.folder)
    return "built"


def why(error: Exception) -> str:
    """The first line of what an error says, for a note."""
    first = (str(error).strip() or type(error).__name__).splitlines()[0]
    return first if len(first) <= LONGEST else f"{first[:LONGEST]}…"
