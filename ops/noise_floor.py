"""How much of a denoiser's error is the truth's own noise, and how near it is to the best filter.

    python ops/noise_floor.py ARCHIVE

A patch is s + n, the Sun and the noise that it was measured with; a denoiser is given s + n + w
and asked for s + n. Even who knew s would have to tell n from n + w, and the best answer to that
errs by the mean over frequencies of S_n S_w / (S_n + S_w) (Wiener 1949): no denoiser does better
than :func:`floor`. The second table sets the shipped network beside the linear filter that is
told the mean spectrum of windows as quiet; the third lays what more noise the patch of 2011 has
on truths of 2025.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table
from scipy.ndimage import gaussian_filter

from models.data import SHARPS, Scene, degrade, sharp, split
from models.evaluation import figures
from models.evaluation.estimates import Method, of_network
from models.evaluation.trials import DENOISING, Noise, examine, generator
from models.metrics.summed import Floats
from pipeline.enhance import WEIGHTS, find

SIDE = 32  # px of a window
RING = 0.05  # cycles per px
FINE = 0.35  # cycles per px: from here on quiet windows are alike, whatever field they hold
CLASSES = (0, 5, 15, 30, 50, 70)  # per cent of the windows, the quietest first
ASKED = (34.6, 33.7, 31.9)  # dB at 10.2 G, white, .45 and .65 px
OLD = "sharp-377"


def windows(field: Floats) -> Iterator[tuple[slice, slice]]:
    """Of SIDE² pixels, overlapping by half, all measured; the quietest first."""
    rows, columns = (range(0, n - SIDE + 1, SIDE // 2) for n in field.shape)
    cuts = [np.s_[y : y + SIDE, x : x + SIDE] for y in rows for x in columns]
    yield from sorted(
        (c for c in cuts if np.isfinite(field[c]).all()), key=lambda c: field[c].std()
    )


def spectrum(field: Floats, cuts: list[tuple[slice, slice]]) -> Floats:
    """Mean power spectrum (SIDE, SIDE) of windows of *field*, Hann's taper, G²."""
    taper = np.hanning(SIDE + 2)[1:-1]
    taper2 = np.outer(taper, taper) / np.mean(taper**2)
    pieces = np.stack([field[c].astype(float) - field[c].mean(dtype=float) for c in cuts])
    return np.asarray(np.mean(np.abs(np.fft.fft2(pieces * taper2)) ** 2, 0) / SIDE**2)


def of_noise(trial: Noise) -> Floats:
    """Power spectrum (SIDE, SIDE) of a trial's noise, G²."""
    point = np.zeros((SIDE, SIDE))
    point[0, 0] = 1.0
    if trial.kernel:
        point = gaussian_filter(point, trial.kernel, mode="wrap", truncate=degrade.REACH)
    power = np.abs(np.fft.fft2(point)) ** 2
    return np.asarray(trial.sigma**2 * power / power.mean())


def floor(own: Floats, added: Floats) -> float:
    """The least mean square error [G²] of who knows all but noises of these spectra."""
    return float(np.mean(own * added / (own + added)))


def at_least(quiet: Floats, shape: tuple[int, int] = (SIDE, SIDE)) -> Floats:
    """The noise that surely is in a *quiet* spectrum, for fields of *shape*.

    White noise of a camera, smoothed by remapping, falls with frequency: where the Sun hides it,
    it is no weaker than at :data:`FINE`. Beyond, *quiet* as it is, ring by ring.
    """
    f, wanted = frequency((SIDE, SIDE)), frequency(shape)
    rings = np.arange(FINE, f.max(), RING)
    power = [quiet[np.abs(f - ring) < RING / 2].mean() for ring in rings]
    return np.asarray(np.interp(wanted, rings, power))


def frequency(shape: tuple[int, int]) -> Floats:
    """Cycles per pixel, of what :func:`numpy.fft.fft2` gives."""
    rows, columns = (np.fft.fftfreq(n) for n in shape)
    return np.hypot(rows[:, None], columns[None, :])


def psnr(square: float) -> float:
    """Of a mean square error [G²], dB."""
    return 10.0 * math.log10(figures.PEAK**2 / square)


def noisier(scene: Scene, old: Floats, own: Floats) -> Scene:
    """*scene* with noise on its truth that takes its *own* quiet spectrum to that of *old*."""
    shape = scene.field.shape[0], scene.field.shape[1]
    power = np.clip(at_least(old, shape) - at_least(own, shape), 0.0, None)
    white = np.fft.fft2(np.random.default_rng(0).standard_normal(shape))
    laid = np.fft.ifft2(white * np.sqrt(power)).real
    return replace(scene, field=scene.field + laid.astype(np.float32))


def error(network: Method, trial: Noise, scene: Scene) -> float:
    """Mean square error [G²] where the field is weak."""
    tally = examine([scene], trial, network)
    assert tally is not None  # noqa: S101
    return float(tally.total["weak"].rmse) ** 2


def quietest(scene: Scene) -> Floats:
    """Mean power spectrum of the quietest twentieth of the windows."""
    cuts = list(windows(scene.field))
    return spectrum(scene.field, cuts[: len(cuts) // 20 or 1])


def floors(scene: Scene, table: Table) -> None:
    """The least and the most that can be noise in the quietest windows, and its floors."""
    every = quietest(scene)
    for name, own in ("at least", at_least(every)), ("at most", every):
        squares = [floor(own, of_noise(trial)) for trial in DENOISING]
        lag = np.fft.ifft2(own).real
        strength = f"{math.sqrt(lag[0, 0]):.2f}", f"{lag[0, 1] / lag[0, 0]:.2f}"
        numbers = (f"{math.sqrt(s):.2f}  {psnr(s):.1f}" for s in squares)
        table.add_row(scene.region, name, *strength, *numbers)


def classes(scene: Scene, network: Method, table: Table) -> None:
    """Mean square errors in windows as quiet: the network's, and the best linear filter's."""
    cuts = list(windows(scene.field))
    parts = [cuts[len(cuts) * a // 100 : len(cuts) * b // 100] for a, b in pairwise(CLASSES)]
    assert network.predict is not None  # noqa: S101
    for trial in DENOISING[: len(ASKED)]:
        given = trial.degraded(scene, generator(scene, 1))
        square = (network.predict(given, scene.radius, trial.sigma)[0] - scene.field) ** 2
        found = [
            f"{np.mean([square[c].mean() for c in part]):.1f}  "
            f"{floor(spectrum(scene.field, part), of_noise(trial)):.1f}"
            for part in parts
        ]
        table.add_row(scene.region, trial.name, *found)


def main() -> None:
    """All three tables."""
    console = Console(width=170)
    parts = split(sharp.scenes(Path(sys.argv[1]) / "extra" / "sharp"), SHARPS)
    network = of_network(find(WEIGHTS, "hmi-denoise"))
    judged = [*parts["validation"], *parts["test"]]
    strengths = [f"{t.sigma:g} G, {t.kernel:g} px" for t in DENOISING]
    first = Table("region", "own noise", "G", "at 1 px", *strengths, title="floor: G, dB")
    ranges = [f"{a}–{b} %" for a, b in pairwise(CLASSES)]
    second = Table("region", "noise", *ranges, title="mean square error, G²: network, filter")
    for scene in judged:
        floors(scene, first)
        classes(scene, network, second)
    third = Table("noise", "region", "dB", "with the noise of 2011", "asked", "asked with it")
    [old] = [quietest(scene) for scene in judged if scene.region == OLD]
    for trial, asked in zip(DENOISING, ASKED, strict=False):
        for scene in judged:
            now = error(network, trial, scene)
            if scene.region == OLD:
                third.add_row(trial.name, scene.region, f"{psnr(now):.2f}")
                continue
            then = error(network, trial, noisier(scene, old, quietest(scene)))
            wanted = figures.PEAK**2 / 10.0 ** (asked / 10.0) + then - now
            row = (f"{x:.2f}" for x in (psnr(now), psnr(then), asked, psnr(wanted)))
            third.add_row(trial.name, scene.region, *row)
    for table in (first, second, third):
        console.print(table)


if __name__ == "__main__":
    main()
