"""Networks at work: on the first provider, in order, whose answers are right.

Whatever fails on the way (a library that is missing, an engine that was not built, an answer
that is wrong or not a number) ends in a note, a count, and the next provider; when none is
left, in one sentence that names the network.

Knows: attempts and their order, the gate that each passes first. Refuses to know: images.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

import numpy as np
from numpy.typing import NDArray

from pipeline.enhance import attempts, engines, providers, registry, telemetry
from pipeline.enhance.attempts import ENDS, Attempt, Failed
from pipeline.enhance.graph import Cost, cost
from pipeline.enhance.parity import Parity
from pipeline.enhance.registry import REMEDY, BadNetwork, Network

Plane = NDArray[np.float32]

PROBE = 1024  # px along the side of the input whose memory is counted
HOLES = 1.5  # measured memory over that of the graph, at most: tests/enhance/test_graph.py


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """What M members of a network say, in its own units; f is its factor, S its samples.

    mean : (M, f·H, f·W)
    log_variance : (M, f·H, f·W), natural, or None
    samples : (M, S, f·H, f·W), or None
    """

    mean: Plane
    log_variance: Plane | None = None
    samples: Plane | None = None


class Runtime:
    """Opens networks on the providers *chosen*, in their order.

    chosen : some of tensorrt, cuda, cpu; ``auto`` takes those present
    cache : folder for engines and for the parity measured
    memory : bytes that intermediate results may take
    """

    def __init__(
        self,
        chosen: Literal["auto"] | tuple[providers.Name, ...] = "auto",
        cache: Path | None = None,
        memory: int = 4 << 30,
    ) -> None:
        self._providers = providers.order(chosen)
        self._cache, self._memory = cache, memory
        self._engines: dict[Path, Engine] = {}
        providers.share_memory(memory)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Give all memory back; engines load their networks anew when next asked."""
        for engine in self._engines.values():
            engine.close()
        providers.share_memory(self._memory)

    def open(self, network: Network) -> Engine:
        """What runs *network*: the same as before, unless a provider failed it since.

        Raises
        ------
        BadNetwork : its files are not what the card says, or no provider computes it rightly.
        """
        engine = self._engines.get(network.folder)
        if engine is None or engine.failed or engine.digest != network.digest:
            order = attempts.attempts(self._providers, network.card)
            engine = Engine(network, order, self._cache, self._memory)
            self._engines[network.folder] = engine
        return engine

    def build(self, network: Network) -> dict[str, str]:
        """Build what providers need to have built before a cycle asks; drop what is stale.

        Returns a verdict for each attempt that needs an engine or cannot be made; none for
        those after a success on the same provider, which would not be used.

        Raises
        ------
        BadNetwork : its files are not what the card says.
        """
        registry.check(network)
        golden, verdicts, today = network.golden(), dict[str, str](), set[str]()
        done: set[str] = set()
        for attempt in attempts.attempts(self._providers, network.card):
            if attempt.provider in done:
                continue
            try:
                plan = attempts.plan(network, attempt, golden, self._cache)
                today |= {plan.folder.name} if plan.folder else set()
                if plan.builds:
                    verdicts[str(attempt)] = attempts.build(network, plan, golden, self._memory)
                    done.add(attempt.provider)
            except ENDS as error:
                verdicts[str(attempt)] = attempts.why(error)
        if self._cache and today:
            engines.prune(engines.home(self._cache, network.card), today)
        self._engines.pop(network.folder, None)
        return verdicts


class Engine:
    """A network, open.

    card, digest : of the network
    provider : what computes it now, e.g. ``tensorrt fp16``
    parity : what the gate measured of that
    notes : why providers before it do not
    failed : whether one of these did after it had begun to
    memory : bytes that intermediate results may take
    bytes_per_pixel, flops_per_pixel : of one input pixel, in all members
    """

    def __init__(
        self, network: Network, order: Iterable[Attempt], cache: Path | None, memory: int
    ) -> None:
        registry.check(network)
        self._network, self._cache, self._order = network, cache, tuple(order)
        self._golden = network.golden()
        self._sessions: attempts.Sessions = ()
        self.card, self.digest, self.memory = network.card, network.digest, memory
        side = -(-PROBE // self.card.stride) * self.card.stride
        costs = [_cost(network, member, side) for member in self.card.members]
        peak, kept = max(each.peak for each in costs), sum(each.answers for each in costs)
        self.bytes_per_pixel = (HOLES * peak + kept) / side**2
        self.flops_per_pixel = sum(each.flops for each in costs) / side**2
        self._begin()

    def infer(self, x: Plane) -> Answer:
        """What the network makes of *x* (C, H, W), H and W multiples of its stride.

        Raises
        ------
        BadNetwork : *x* is not what it takes, or no provider is left.
        """
        channels, stride = self.card.inputs, self.card.stride
        if x.ndim != 3 or len(x) != len(channels) or any(side % stride for side in x.shape[1:]):
            names = ", ".join(channel.name for channel in channels)
            problem = f"it takes the channels {names}, not an array of shape {x.shape}"
            remedy = f"give {len(channels)} planes whose sides are multiples of {stride}"
            raise BadNetwork(self._network.folder, problem, remedy)
        if not self._sessions:
            self._begin()
        while True:
            begin = time.perf_counter()
            try:
                arrays = attempts.run(self._sessions, x, self._plan, self._golden, self.card)
            except ENDS as error:
                self.failed = True
                self._note(error)
                self._advance()
                continue
            seconds = telemetry.SECONDS.labels(self.card.label, self.provider)
            seconds.observe(time.perf_counter() - begin)
            others = {name: array[:, 0] for name, array in arrays.items() if name != "mean"}
            if "log_variance" in others:
                others["log_variance"] = others["log_variance"][:, 0]
            return Answer(arrays["mean"][:, 0, 0], **others)

    def close(self) -> None:
        """Drop the sessions until the next image."""
        self._sessions = ()
        telemetry.SERVING.labels(self.card.label, self.provider).set(0)

    def _begin(self) -> None:
        """Try all providers, whatever was before."""
        self._remaining = iter(self._order)
        self.notes: tuple[str, ...] = ()
        self.failed = False
        self._advance()

    def _advance(self) -> None:
        """Go on to the next attempt that passes the gate."""
        self._sessions = ()
        for attempt in self._remaining:
            self._attempt = attempt
            try:
                self._plan = self._ready(self._attempt)
                self._sessions = attempts.load(self._network, self._plan, self.memory)
                x = self._golden["x"][0]
                answer = attempts.run(self._sessions, x, self._plan, self._golden, self.card)
                self.parity = attempts.gate(answer, self._golden, self._plan, self.card)
            except ENDS as error:
                self._sessions = ()
                self._note(error)
                continue
            self.provider = str(self._attempt)
            telemetry.SERVING.labels(self.card.label, self.provider).set(1)
            return
        raise BadNetwork(
            self._network.folder,
            f"nothing here computes it ({'; '.join(self.notes) or 'no provider is present'})",
            f"run `allsun models verify {self.card.label}`, or take it out of enhance.networks",
        )

    def _ready(self, attempt: Attempt) -> attempts.Plan:
        plan = attempts.plan(self._network, attempt, self._golden, self._cache)
        if plan.builds and not (plan.folder and engines.built(plan.folder)):
            raise Failed("no engine is built for it here; run `allsun models build`")
        return plan

    def _note(self, error: Exception) -> None:
        self.notes += (f"{self._attempt}: {attempts.why(error)}",)
        telemetry.FAILURES.labels(self.card.label, str(self._attempt)).inc()
        telemetry.SERVING.labels(self.card.label, str(self._attempt)).set(0)


def verify(network: Network) -> Parity:
    """Hold a network against its card: files, graphs, and on the CPU its golden answer.

    Raises
    ------
    BadNetwork : something disagrees.
    """
    with Runtime(("cpu",)) as runtime:
        return runtime.open(network).parity


def _cost(network: Network, member: str, side: int) -> Cost:
    try:
        return cost(registry.graph(network, member), side, side)
    except ValueError as error:
        raise BadNetwork(network.folder / member, str(error), REMEDY) from None
