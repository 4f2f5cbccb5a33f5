"""The installed networks, for those who look after them.

Knows: what is installed, whether it is sound, what it costs. Refuses to know: how a network
is made, and what it is used for.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from importlib.util import find_spec
from typing import Any

from pipeline import enhance
from pipeline.acts.networks import GIB, folder, network, runtime
from pipeline.core import BadFile, BadRequest
from pipeline.enhance import Network
from pipeline.settings import Settings

# Pixels along a side of the frames that an instrument's disk comes in.
SIDES = {"hmi": 4096, "mdi": 1024, "gong": 860}
REPEATS = 5
HEADLINES = (  # of a card's metrics
    *("PSNR", "σ_D", "flux", "ρ", "ρ < 600 G", "extremes 8 px"),
    *("CC, disk", "CC, unseen active", "RMSE, disk"),
)
NOTHING = "needs nothing built"
READY = (NOTHING, "built", "built before")  # good verdicts on a build
RIVAL = "models.timing"  # the same network in PyTorch; a process of its own, never imported


def described(settings: Settings) -> list[dict[str, Any]]:
    """Every installed network, and why others cannot be used; ready for JSON."""
    chosen = set(settings.enhance.networks)
    found = enhance.installed(folder(settings))
    newest = {each.card.name: each.card.label for each in found}
    used = {newest.get(name, name) for name in chosen}
    rows = [
        {
            "network": each.card.label,
            "task": each.card.task,
            "instruments": ", ".join(each.card.instruments),
            "in the cycle": "yes" if each.card.label in used else "no",
            "summary": each.card.summary,
        }
        for each in found
    ]
    unknown = dict.fromkeys(("task", "instruments", "in the cycle"), "")
    return rows + [
        {"network": name, **unknown, "summary": why} for name, why in _unusable(settings)
    ]


def _unusable(settings: Settings) -> list[tuple[str, str]]:
    """Networks with bad cards, those that the settings name and nobody installed, and why."""
    found = [("/".join(e.path.parts[-3:-1]), str(e)) for e in enhance.refused(folder(settings))]
    for name in settings.enhance.networks:
        try:
            network(name, settings)
        except BadRequest as error:
            found.append((name, str(error)))
        except BadFile:
            continue  # found already
    return found


def verified(names: Sequence[str], settings: Settings) -> list[dict[str, Any]]:
    """Networks held against their cards on every provider present; ready for JSON."""
    rows = [
        _verdict(each, provider, settings)
        for each in _named(names, settings)
        for provider in enhance.present()
    ]
    return rows + [
        {"network": name, "provider": "none", "verdict": why}
        for name, why in ([] if names else _unusable(settings))
    ]


def _verdict(found: Network, provider: enhance.Name, settings: Settings) -> dict[str, Any]:
    row = {"network": found.card.label, "provider": provider}
    try:
        engine = runtime(settings, provider).open(found)
    except BadFile as error:
        return row | {"verdict": str(error)}
    verdict = row | {"provider": engine.provider, "verdict": "good"} | asdict(engine.parity)
    return verdict | ({"notes": "; ".join(engine.notes)} if engine.notes else {})


def built(settings: Settings) -> list[dict[str, Any]]:
    """What was built ahead for the networks of the cycle; ready for JSON."""
    rows = []
    for name in settings.enhance.networks:
        try:
            verdicts = runtime(settings).build(network(name, settings))
        except (BadFile, BadRequest) as error:
            verdicts = {"none": str(error)}
        for provider, verdict in (verdicts or {"": NOTHING}).items():
            rows.append({"network": name, "provider": provider, "verdict": verdict})
    return rows


def timed(settings: Settings, side: int | None = None) -> Iterator[dict[str, Any]]:
    """What a whole disk costs on every provider present, and in PyTorch; ready for JSON.

    side : pixels along a side of the frame; by default as the instrument's
    """
    for each in enhance.installed(folder(settings)):
        pixels = side or each.card.grid.side or SIDES.get(each.card.instruments[0], 1024)
        pixels = -(-pixels // each.card.stride) * each.card.stride
        for provider in enhance.present():
            memory = int(settings.enhance.memory * GIB)
            cache = settings.data / "cache" / "engines"
            yield from _measured("pipeline.timing", each, pixels, provider, cache, memory)
        if find_spec("torch"):
            for mode in ("eager", "compiled"):
                yield from _measured(RIVAL, each, pixels, mode)


def _measured(module: str, each: Network, side: int, *arguments: Any) -> Iterator[dict[str, Any]]:
    """The figures that *module* prints in a process of its own, if it gets that far."""
    words = [each.folder, side, REPEATS, *arguments]
    ran = subprocess.run(  # noqa: S603  # our own module, and nothing from outside
        [sys.executable, "-m", module, *map(str, words)], capture_output=True, text=True
    )
    row = {"network": each.card.label, "pixels": f"{side}x{side}"}
    if ran.returncode == 0:
        yield row | json.loads(ran.stdout)
    else:
        why = (ran.stderr.strip() or "it was killed").splitlines()[-1]
        yield row | {"by": arguments[0], "failed": why}


def _named(names: Sequence[str], settings: Settings) -> list[Network]:
    if names:
        return [network(name, settings) for name in names]
    return enhance.installed(folder(settings))


def as_markdown(found: Sequence[Network]) -> str:
    """A table of networks and their headline figures, as the README shows it."""
    lines = ["| network | what for | size | held-out test | result | best baseline |"]
    lines += ["|---|---|---|---|---|---|"]
    for each in found:
        card = each.card
        size = sum((each.folder / name).stat().st_size for name in card.members) / 1e6
        tests = card.metrics[0].test_set if card.metrics else "none"
        chosen = [m for m in card.metrics if m.name in HEADLINES and m.test_set == tests]
        results = "<br>".join(f"{m.name} {m.value:.3g} {m.unit}".rstrip() for m in chosen)
        rivals = "<br>".join(m.baseline for m in chosen)
        lines.append(
            f"| [{card.label}](models/weights/{card.label}/card.json) | {card.summary} "
            f"| {size:.1f} MB | {tests} | {results} | {rivals} |"
        )
    return "\n".join(lines)
