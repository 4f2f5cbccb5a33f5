"""Far-side magnetograms judged: what they add to a map, and what they cannot know.

Suns that no network learnt from, seen from where no training scene was; several sets of EUV
channels, with a prior and without; relations between field and brightness as drawn in
training, as measured, and beyond either. "Unseen" is what the Earth has not seen for days.
Beside the network stand an empty disk, the map that transport carried (which is the prior,
and errs somewhat where it saw as well), and the field of one rotation before.

The field is binned as the published papers bin it: 8 px of a disk of 450 px radius are two of
this network's. Its unsigned field is the mean size of the normal variable that it states
(where only the polarity is unknown, the mean itself is near zero). Refuses to know: training.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import nan
from zlib import crc32

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter, label

from models.data import imager
from models.data.scene import Scene
from models.metrics import Calibration, active, flux_agreement, folded
from models.metrics.flux import cosine
from models.metrics.summed import Floats
from pipeline.core.grid import R_SUN_CM
from pipeline.enhance.card import Metric
from pipeline.enhance.prepare import EDGE
from pipeline.enhance.registry import Network, read
from pipeline.enhance.runtime import Engine, Runtime
from pipeline.enhance.tiles import compute

__all__ = ["Answers", "Found", "Trial", "answers", "judge", "metrics", "open_cpu", "others", "text"]

Mask = NDArray[np.bool_]
Fields = list[Floats]

BIN = 2  # px: 8 of a disk of 450 px radius
BLOCK = 8  # px: where blocks of 32 of theirs hold more than 50 G on average, the Sun is active
FEWEST = 4  # blocks of it; fewer are no region to correlate
DOUBT = 0.3  # with which a map's stated error still is no smaller than its real one
LARGE = 1e21  # Mx, unsigned: regions whose polarity is looked at
OUTLINE, SOFT = 20.0, 1.5  # G of the field smoothed by so many px: where a region ends
FRESH = 0.5  # of its flux: what the map knew at most of a region that counts as new
# By the tens of a Sun's number (real fields have 7): relations between field and brightness,
# and the imager's place.
GROUPS = {
    "3": "relations as in training",
    "4": "relations as measured",
    "5": "relations beyond training",
    "6": "relations as in training, seen from behind the Sun",
    "7": "fields of HMI, relations as in training",
}


@dataclass(frozen=True, slots=True)
class Trial:
    """EUV channels [Å] that arrive, and whether a map comes with them."""

    channels: tuple[int, ...]
    prior: bool

    @property
    def name(self) -> str:
        lines = "+".join("195" if c == 193 else str(c) for c in self.channels)
        return f"{lines}, {'with' if self.prior else 'without'} prior"


BEACON, SCIENCE = (193, 304), (171, 193, 284, 304)
TRIALS = (
    Trial(BEACON, True),
    Trial(BEACON, False),
    Trial((304,), True),
    Trial((304,), False),
    Trial((171,), False),
    Trial(SCIENCE, True),
)


@dataclass(frozen=True, slots=True, eq=False)
class Answers:
    """Mean and standard error of every scene [G], each (H, W), NaN where nothing is told."""

    means: Fields
    sigmas: Fields


@dataclass(frozen=True, slots=True)
class Found:
    """Figures of one trial on one group of scenes, by method, then by figure."""

    trial: str
    scenes: str
    figures: Mapping[str, Mapping[str, float]] = field(default_factory=dict)


def open_cpu(network: Network) -> Engine:
    """The network on this machine's processor in float32."""
    return Runtime(("cpu",)).open(network)


def answers(engine: Engine, scenes: Sequence[Scene], trial: Trial) -> Answers:
    """What the network makes of *scenes*, given what the *trial* gives."""
    means, sigmas = [], []
    for scene in scenes:
        planes = {
            c.name: scene.planes[name]
            for c in engine.card.inputs
            if (name := c.name.replace("-", " ")) in scene.planes
            and (c.kind != "intensity" or c.wavelength in trial.channels)
            and (c.kind not in ("prior", "sigma") or trial.prior)
        }
        x, measured = imager.tensor(planes, scene.radius, engine.card.inputs)
        mean, sigma = compute(x, measured, engine)
        means.append(np.where(measured, mean, np.nan))
        sigmas.append(np.where(measured, np.nan if sigma is None else sigma, np.nan))
    return Answers(means, sigmas)


def doubted(scene: Scene) -> Scene:
    """The *scene* with a map that errs by DOUBT of what it states, besides what time does."""
    if "prior" not in scene.planes:
        return scene
    rng = np.random.default_rng([crc32(scene.region.encode()), int(scene.time.timestamp())])
    prior = imager.believed(scene, DOUBT, rng)
    return replace(scene, planes={**scene.planes, "prior": prior})


def blanked(scene: Scene) -> Scene:
    """The *scene* with frames that show no Sun: noise about a constant."""
    rng = np.random.default_rng(crc32(scene.region.encode()))
    planes = dict(scene.planes)
    for name in (name for name in planes if name.startswith("euv")):
        planes[name] = rng.normal(100.0, 5.0, scene.field.shape).astype(np.float32)
    return replace(scene, planes=planes)


def others(network: Network) -> list[Engine]:
    """Far-side networks that are installed beside *network*, whatever made their weights."""
    beside = (
        read(path.parent) for path in sorted(network.folder.parent.parent.glob("*/*/card.json"))
    )
    rivals = (n for n in beside if n.card.task == "farside" and n.card.name != network.card.name)
    return [open_cpu(rival) for rival in rivals]


def judge(engine: Engine, scenes: Sequence[Scene], beside: Sequence[Engine] = ()) -> list[Found]:
    """Every trial on every group of *scenes* that share the kind of their relations.

    beside : other networks, of which those are judged that the scenes can be shown to
    """
    beside = [other for other in beside if _can_see(other, scenes)]
    found = []
    scenes = [doubted(scene) for scene in scenes]
    for digit, kind in GROUPS.items():
        group = [s for s in scenes if s.region.split("-")[1].startswith(digit)]
        if not group:
            continue
        known = _rivals(group)
        for trial in TRIALS if digit == "3" else TRIALS[:2]:
            networks = {"network": _judged(engine, group, trial)}
            networks |= {other.card.label: _judged(other, group, trial) for other in beside}
            found.append(Found(trial.name, kind, networks | known))
        if digit == "3":
            dark = [blanked(scene) for scene in group]
            for trial in TRIALS[:2]:
                blank = {"network": _judged(engine, dark, trial)}
                found.append(Found(f"blank {trial.name}", kind, blank | known))
    return found


def _judged(engine: Engine, scenes: Sequence[Scene], trial: Trial) -> Mapping[str, float]:
    told = answers(engine, scenes, trial)
    stated = engine.card.output.uncertainty != "none"
    return _figures(scenes, told.means, told.sigmas if stated else None)


def _can_see(engine: Engine, scenes: Sequence[Scene]) -> bool:
    """Whether the *scenes* have every plane that was measured, and another channel than none."""
    wanted = {c.name.replace("-", " ") for c in engine.card.inputs if c.measured}
    return all(wanted <= set(scene.planes) for scene in scenes)


def _rivals(scenes: Sequence[Scene]) -> dict[str, Mapping[str, float]]:
    """An empty disk, the carried map, and one rotation before."""
    nothing = [np.zeros_like(scene.field) for scene in scenes]
    carried = [scene.planes["prior"] for scene in scenes]
    stated = [scene.planes["prior sigma"] for scene in scenes]
    before = [scene.planes["before"] for scene in scenes]
    return {
        "zero": _figures(scenes, nothing, None),
        "transported map": _figures(scenes, carried, stated),
        "one rotation before": _figures(scenes, before, None),
    }


def _figures(scenes: Sequence[Scene], means: Fields, sigmas: Fields | None) -> dict[str, float]:
    """By place: correlation of bins, of fluxes over images, RMSE, errors as stated, polarity."""
    truths = [scene.field for scene in scenes]
    disks = [(scene.radius < EDGE) & np.isfinite(scene.field) for scene in scenes]
    busy = [active(t, BLOCK) & d for t, d in zip(truths, disks, strict=True)]
    places = {"disk": disks, "active": busy}
    places["quiet"] = [d & ~b for d, b in zip(disks, busy, strict=True)]
    unseen = [scene.planes["age"] > 0 for scene in scenes]  # from the Earth, for days
    places["unseen"] = [d & u for d, u in zip(disks, unseen, strict=True)]
    places["unseen active"] = [b & u for b, u in zip(busy, unseen, strict=True)]
    sizes = [np.abs(m) for m in means] if sigmas is None else list(map(folded, means, sigmas))
    found: dict[str, float] = {}
    for place, masks in places.items():
        kept = [n for n, mask in enumerate(masks) if mask.sum() >= FEWEST * BLOCK**2]
        if not kept:
            continue
        k = [masks[n] for n in kept]
        m, t, u = ([each[n] for n in kept] for each in (means, truths, sizes))
        found |= _agreement(place, m, t, u, k)
        if sigmas is not None:
            found |= _calibration(place, m, t, [sigmas[n] for n in kept], k)
    return found | _polarity(scenes, means)


def _agreement(
    place: str, means: Fields, truths: Fields, sizes: Fields, masks: Sequence[Mask]
) -> dict[str, float]:
    signed = flux_agreement(means, truths, masks, BIN)
    unsigned = flux_agreement(sizes, [np.abs(truth) for truth in truths], masks, BIN)
    return {
        f"CC, {place}": signed.pixels,
        f"CC of |B|, {place}": unsigned.pixels,
        f"unsigned flux CC, {place}": unsigned.total_unsigned,
        f"unsigned flux ratio, {place}": _ratio(sizes, truths, masks),
        f"net flux CC, {place}": signed.net,
        f"RMSE, {place}": signed.rmse,
    }


def _calibration(
    place: str, means: Fields, truths: Fields, sigmas: Fields, masks: Sequence[Mask]
) -> dict[str, float]:
    m, s, t = (
        np.concatenate([f[k] for f, k in zip(fields, masks, strict=True)])
        for fields in (means, sigmas, truths)
    )
    errors = Calibration.of(m, s, t)
    return {
        f"stated error, {place}": float(np.sqrt(np.mean(s**2, dtype=np.float64))),
        f"spread/skill, {place}": float(np.asarray(errors.spread_skill)),
        f"95 % interval holds, {place}": float(np.asarray(errors.coverage_95)),
    }


def _ratio(sizes: Fields, truths: Fields, masks: Sequence[Mask]) -> float:
    pairs = zip(sizes, truths, masks, strict=True)
    sums = np.sum([[u[k].sum(), np.abs(t[k]).sum()] for u, t, k in pairs], axis=0)
    return float(sums[0] / sums[1])


def _polarity(scenes: Sequence[Scene], means: Fields) -> dict[str, float]:
    """Share of the flux of large regions, all and those new to the map, with the right sign."""
    shares: dict[str, list[float]] = {"all": [], "new": []}
    for scene, mean in zip(scenes, means, strict=True):
        for region in _regions(scene):
            truth, known = scene.field[region], scene.planes["prior"][region]
            flux = np.abs(truth)
            right = float(flux[np.sign(mean[region]) == np.sign(truth)].sum() / flux.sum())
            shares["all"].append(right)
            if (truth * known).sum() < FRESH * (truth**2).sum():
                shares["new"].append(right)
    found = {f"polarity, {kind} regions": float(np.mean(s)) for kind, s in shares.items() if s}
    return found | {f"regions, {kind}": float(len(s)) for kind, s in shares.items()}


def _regions(scene: Scene) -> list[Mask]:
    """Where *scene* has regions above LARGE, each (H, W), within .9 of the radius."""
    strength = gaussian_filter(np.abs(np.nan_to_num(scene.field)), SOFT)
    labels, count = label((strength > OUTLINE) & (scene.radius < 0.9))
    mu = cosine(scene.radius)
    pixel = (R_SUN_CM / _radius(scene)) ** 2  # cm² of the plane of the sky
    with np.errstate(divide="ignore", invalid="ignore"):
        flux = np.abs(np.nan_to_num(scene.field / mu**2)) * pixel
    return [labels == n for n in range(1, count + 1) if flux[labels == n].sum() > LARGE]


def _radius(scene: Scene) -> float:
    """Of the disk, px: what the distances from its centre tell."""
    middle = scene.radius[scene.radius.shape[0] // 2]
    return float(1.0 / np.median(np.abs(np.diff(middle))))


def metrics(found: Sequence[Found]) -> list[Metric]:
    """For the card: the network's figures, each beside the best of the rivals that has it."""
    listed = []
    for trial in found:
        rivals = {n: f for n, f in trial.figures.items() if n != "network"}
        for name, value in trial.figures["network"].items():
            if not math.isfinite(value) or name.startswith("regions"):
                continue
            shown = [(n, f[name]) for n, f in rivals.items() if math.isfinite(f.get(name, nan))]
            listed.append(
                Metric(
                    name=name,
                    value=value,
                    unit="G" if name.startswith(("RMSE", "stated")) else "",
                    baseline="; ".join(f"{n} {v:.3f}" for n, v in shown),
                    test_set=f"{trial.trial}; {trial.scenes}",
                )
            )
    return listed


def text(found: Sequence[Found]) -> str:
    """Every trial as a table: figures down, methods across."""
    lines = []
    for trial in found:
        methods = list(trial.figures)
        names = list(dict.fromkeys(n for f in trial.figures.values() for n in f))
        lines.append(f"{trial.trial}; {trial.scenes}")
        lines.append(f"{'':32s}" + "".join(f"{m:>21s}" for m in methods))
        for name in names:
            cells = (trial.figures[m].get(name, nan) for m in methods)
            lines.append(f"{name:32s}" + "".join(f"{c:21.3f}" for c in cells))
        lines.append("")
    return "\n".join(lines)
