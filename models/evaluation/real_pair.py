"""The one real pair of AIA and HMI at hand, hemisphere against hemisphere.

Knows: what intensities alone tell of |B| there, by regressions on one side of the disk that
are tried on the other, and what the network tells that saw neither. One pair of one day can
show whether relations of the simulated Sun carry over; it cannot show polarity, evolution,
or another activity level. Refuses to know: how networks are trained.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models.data import disks
from models.data.aia import seen
from models.data.farside import SIDE, frame
from models.evaluation.farside import BIN
from models.metrics import Calibration, Moments, binned, folded
from models.metrics.summed import Floats
from pipeline.archives import local
from pipeline.core import SolarImage
from pipeline.enhance import Engine, enhance
from pipeline.enhance.card import Metric
from pipeline.instruments import read

__all__ = ["HMI_FILE", "metrics", "pair", "text", "tried"]

Mask = NDArray[np.bool_]

HMI_FILE = "jsoc.stanford.edu/data/hmi/fits/2014/01/01/hmi.M_720s.20140101_000000_TAI.fits"
AIA_FILE = "jsoc1.stanford.edu/data/aia/synoptic/2014/01/01/H0000/AIA20140101_0000_{:04d}.fits"
TAKEN, MORE = (171, 193, 211), (94, 131, 335)  # Å: what the network takes, and what is there
WITHIN = 0.9  # of the radius: nearer to the limb B_los tells little of the field
RIDGE = 10.0  # bins' worth of pull towards no dependence


def pair(archive: Path) -> tuple[SolarImage, dict[int, SolarImage]]:
    """The magnetogram and the EUV pictures by wavelength.

    Raises
    ------
    BadFile : one is missing or cannot be used.
    """
    pictures = {c: read(local(archive / AIA_FILE.format(c))) for c in TAKEN + MORE}
    return read(local(archive / HMI_FILE)), pictures


def tried(engine: Engine, archive: Path) -> dict[str, dict[str, float]]:
    """By method: correlation of |B| in bins on the east and on the west, and of its error.

    A regression learns on one hemisphere and is tried on the other; the network learnt on
    neither, and on neither is its scale adjusted.
    """
    field, pictures = pair(archive)
    taken = [pictures[c] for c in TAKEN]
    disk = frame(taken[0].observation.observer)
    truth = seen(field, disk)
    radius = disks.radius(disk, (SIDE, SIDE))
    inside = np.isfinite(truth) & (radius < WITHIN)
    size = binned(np.abs(truth), inside, BIN)
    x = binned(np.broadcast_to(np.arange(SIDE) - disk.x0, (SIDE, SIDE)).copy(), inside, BIN)
    east = np.where(np.isfinite(x), x < 0.0, False)
    logs = {c: binned(_log(seen(p, disk)), inside, BIN) for c, p in pictures.items()}
    found: dict[str, dict[str, float]] = {}
    for n in range(len(TAKEN) + 1):
        channels = TAKEN if n == len(TAKEN) else (TAKEN[n],)
        answer = enhance([pictures[c] for c in channels], engine)
        assert answer.sigma is not None  # noqa: S101  (the card promises it)
        mean, sigma = answer.data, answer.sigma
        told = binned(folded(mean, sigma), inside & np.isfinite(mean), BIN)
        name = f"network, {'+'.join(map(str, channels))}"
        found[name] = _scores(told, size, east) | _errors(mean, sigma, truth, inside)
    for lines in (*((c,) for c in logs), TAKEN, tuple(logs)):
        guess = _regressed([logs[c] for c in lines], size, east)
        found[f"ridge, {'+'.join(map(str, lines))}"] = _scores(guess, size, east)
    return found


def _log(picture: Floats) -> Floats:
    return np.log10(np.maximum(picture, 1.0))


def _regressed(logs: Sequence[Floats], size: Floats, east: Mask) -> Floats:
    """The other hemisphere's regression of |B| on logarithms and their squares, everywhere."""
    terms = np.stack([np.ones_like(size), *logs, *(log**2 for log in logs)])
    known = np.isfinite(terms).all(0) & np.isfinite(size)
    told = np.full(size.shape, np.nan)
    for here in (east, ~east):
        a, b = terms[:, known & ~here], size[known & ~here]
        mean, scale = a.mean(1, keepdims=True), a.std(1, keepdims=True) + 1e-9
        a = (a - mean) / scale
        weights = np.linalg.solve(a @ a.T + RIDGE * np.eye(len(a)), a @ (b - b.mean()))
        normal = (terms[:, known & here] - mean) / scale
        told[known & here] = weights @ normal + b.mean()
    return told


def _scores(told: Floats, size: Floats, east: Mask) -> dict[str, float]:
    values: dict[str, float] = {}
    for name, here in (("east", east), ("west", ~east)):
        moments = Moments.of(told, size, here)
        values[f"CC of |B|, {name}"] = float(np.asarray(moments.correlation))
        values[f"slope, {name}"] = float(np.asarray(moments.slope))
        values[f"flux error, {name}"] = float(np.asarray(moments.unsigned_flux_error))
    return values


def _errors(mean: Floats, sigma: Floats, truth: Floats, inside: Mask) -> dict[str, float]:
    errors = Calibration.of(mean, sigma, truth, inside)
    return {
        "spread/skill": float(np.asarray(errors.spread_skill)),
        "95 % interval holds": float(np.asarray(errors.coverage_95)),
    }


def metrics(found: Mapping[str, Mapping[str, float]]) -> list[Metric]:
    """For the card: the networks' figures, each beside the best regression on its side."""
    listed = []
    regressions = {name: values for name, values in found.items() if name.startswith("ridge")}
    for name, values in found.items():
        if name in regressions:
            continue
        for figure, value in values.items():
            rivals = {n: v[figure] for n, v in regressions.items() if figure in v}
            best = max(rivals, key=lambda n: rivals[n], default="") if "CC" in figure else ""
            listed.append(
                Metric(
                    name=figure,
                    value=value,
                    baseline=f"{best} {rivals[best]:.3f}" if best else "",
                    test_set=f"AIA and HMI of 2014-01-01, {name.removeprefix('network, ')} Å",
                )
            )
    return listed


def text(found: Mapping[str, Mapping[str, float]]) -> str:
    """A line for each method."""
    lines = ["AIA and HMI of 2014-01-01, bins of 8 px of a disk of 450 px radius"]
    for name, values in found.items():
        shown = "  ".join(f"{figure} {value:.2f}" for figure, value in values.items())
        lines.append(f"{name:28s} {shown}")
    return "\n".join(lines) + "\n"
