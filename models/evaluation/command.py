"""``allsun models evaluate``: from a name to tables, pictures and the numbers in the card.

An installed network is judged on the regions and the month that nothing was ever chosen on;
a checkpoint of a training, which is still being improved, on those of the validation.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from models import data
from models.baselines import gaussian
from models.data import DISKS, SHARPS, Scene, disks, sharp, split
from models.evaluation import farside, real_pair
from models.evaluation.estimates import Method, of_baseline, of_checkpoint, of_network
from models.evaluation.full_disk import KERNEL, NOISE, PUBLISHED, DiskNoise, disk_noise
from models.evaluation.judge import judge, trials_for
from models.evaluation.report import as_json, as_text, card_metrics
from models.evaluation.trials import Noise, tuning_pairs
from models.files import write_whole
from pipeline.enhance.card import Metric
from pipeline.enhance.registry import Network, find

__all__ = ["evaluate"]

PATCHES = Path("extra") / "sharp"
FRAMES = Path("jsoc.stanford.edu") / "data" / "hmi" / "fits"
SUNS = "simulated-farside-test"
LOOKED_AT = 2  # full disks


def evaluate(
    name: str,
    weights: Path,
    archive: Path,
    out: Path,
    progress: Callable[[str], object] = lambda _: None,
) -> tuple[Mapping[str, Any], str]:
    """Judge a network and its rivals; return the table as values and as text.

    The folder *out* gets pictures, ``evaluation.txt`` and ``evaluation.json``; the card of
    an installed network gets its numbers.

    name : of an installed network, or a path of a ``best.pt``
    weights : the folder of installed networks
    archive : folder of observations, with the patches in ``extra/sharp``

    Raises
    ------
    BadRequest : there is no such network, no trial for it, or no patch to judge it on.
    BadFile : the network or an observation cannot be used.
    CannotWrite : the file system refuses.
    """
    if not name.endswith(".pt") and (network := find(weights, name)).card.task == "farside":
        return _farside(network, archive, out, progress)
    method, trials, folder = _network(name, weights)
    on = "test" if folder else "validation"
    parts = split(sharp.scenes(archive / PATCHES), SHARPS)
    tables = judge(method, trials, parts, out, on=on, progress=progress)
    content: dict[str, Any] = {"network": method.name, "tables": [as_json(t) for t in tables]}
    text = "\n".join(map(as_text, tables))
    metrics = [metric for table in tables for metric in card_metrics(table)]
    frames = _frames(archive, on) if isinstance(trials[0], Noise) else []
    if frames:
        progress("full disks")
        blur = gaussian(tuning_pairs(parts["train"], Noise(NOISE, KERNEL)))
        found = disk_noise(frames, [method, of_baseline(blur)])
        content["full disk"] = {key: asdict(value) for key, value in found.items()}
        text += "\n" + _disk_text(found, frames)
        metrics += _disk_metrics(found[method.name], frames)
    _write(out / "evaluation.json", json.dumps(content, indent=1))
    _write(out / "evaluation.txt", text)
    if folder:
        from models.export import add_metrics

        add_metrics(folder, metrics)
    return content, text


def _farside(
    network: Network, archive: Path, out: Path, progress: Callable[[str], object]
) -> tuple[Mapping[str, Any], str]:
    """The same for a far-side network: simulated Suns, and the real pair if the archive has it."""
    from models.export import add_metrics

    progress("building simulated Suns")
    data.build(SUNS, out / SUNS)
    scenes = list(data.stream(out / SUNS, "test"))
    engine = farside.open_cpu(network)
    progress(network.card.label)
    found = farside.judge(engine, scenes, farside.others(network))
    metrics, text = farside.metrics(found), farside.text(found)
    content: dict[str, Any] = {
        "network": network.card.label,
        "tables": [asdict(trial) for trial in found],
    }
    if (archive / real_pair.HMI_FILE).exists():
        pair = real_pair.tried(engine, archive)
        content["real pair"] = pair
        metrics += real_pair.metrics(pair)
        text += "\n" + real_pair.text(pair)
    _write(out / "evaluation.json", json.dumps(content, indent=1))
    _write(out / "evaluation.txt", text)
    add_metrics(network.folder, metrics)
    return content, text


def _network(name: str, weights: Path) -> tuple[Method, Sequence[Any], Path | None]:
    """What is judged, its trials, and the folder of its card if it has one."""
    if name.endswith(".pt"):
        from models.checkpoints import trained

        recipe, net = trained(Path(name))
        about = recipe.about
        return (
            of_checkpoint(Path(name)),
            trials_for(about.task, about.instruments, net.factor),
            None,
        )
    network = find(weights, name)
    card = network.card
    trials = trials_for(card.task, card.instruments, card.output.factor)
    return of_network(network), trials, network.folder


def _frames(archive: Path, on: str) -> list[Scene]:
    """The first full disks of the month held out for *on*, as many as there are up to two."""
    months = DISKS.test if on == "test" else DISKS.validation
    files = [
        f for m in sorted(months) for f in (archive / FRAMES / m.replace("-", "/")).rglob("*.fits")
    ]
    return [disks.read_scene(file) for file in sorted(files)[:LOOKED_AT]]


def _disk_text(found: Mapping[str, DiskNoise], frames: Sequence[Scene]) -> str:
    """Noise levels at centre and limb, published ones below."""
    days = ", ".join(f"{frame.time:%Y-%m-%d}" for frame in frames)
    lines = [f"Full disks of {days}, noise of {NOISE:g} G added: centre and limb (G)"]
    for name, noise in found.items():
        level, again = noise.level, noise.repeatability
        lines.append(
            f"{name:20s} level {level['centre']:5.2f} {level['limb']:5.2f}"
            f"   σ_D {again['centre']:5.2f} {again['limb']:5.2f}"
        )
    for name, (centre, limb) in PUBLISHED.items():
        lines.append(f"{'published: ' + name:20s} level {centre:5.2f} {limb:5.2f}")
    return "\n".join(lines) + "\n"


def _disk_metrics(noise: DiskNoise, frames: Sequence[Scene]) -> list[Metric]:
    where = f"full disks of {', '.join(f'{frame.time:%Y-%m-%d}' for frame in frames)}"
    values = {
        **{f"noise level, {place}": value for place, value in noise.level.items()},
        **{f"σ_D, {place}": value for place, value in noise.repeatability.items()},
    }
    return [
        Metric(name=name, value=value, unit="G", test_set=where)
        for name, value in values.items()
        if math.isfinite(value)
    ]


def _write(path: Path, text: str) -> None:
    write_whole(path, lambda part: part.write_text(text, encoding="utf-8"))
