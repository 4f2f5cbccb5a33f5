"""Pictures of a trial: the fields side by side, and which scales are real.

Fields in gauss, shown on a scale that bends at 100 G. Refuses to know: how they were made.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import Normalize, SymLogNorm
from matplotlib.figure import Figure
from matplotlib.image import AxesImage

from models.evaluation.report import TrialTable
from models.files import write_whole
from models.metrics import FREQUENCIES
from models.metrics.spectra import HALF
from models.metrics.summed import Floats

__all__ = ["draw_fields", "draw_spectra", "write_picture"]

LIMIT, BEND = 1500.0, 100.0  # G
WRONG = 50.0  # G; differences are shown up to here
WIDE = 4  # panels in a row


def draw_fields(title: str, fields: Mapping[str, Floats], sigma: Floats | None = None) -> Figure:
    """Panels of the *fields* by name, then of the difference of each to the first, the truth.

    Coarser fields are shown with their own pixels; their difference is left out.

    sigma : claimed error of the last field, gauss; shown last
    """
    (_, truth), *others = fields.items()
    wrong = {f"{n} − truth": f - truth for n, f in others if f.shape == truth.shape}
    count = len(fields) + len(wrong) + (sigma is not None)
    rows = -(-count // WIDE)
    aspect = truth.shape[0] / truth.shape[1]
    figure = Figure(figsize=(4.2 * WIDE, rows * (4.2 * aspect + 0.5) + 0.6), layout="constrained")
    figure.suptitle(title, fontsize=14, weight="bold")
    panels = list(np.ravel(figure.subplots(rows, WIDE, squeeze=False)))
    bent, straight = SymLogNorm(BEND, vmin=-LIMIT, vmax=LIMIT), Normalize(-WRONG, WRONG)
    for name, field in fields.items():
        shown = _panel(panels.pop(0), name, field, "gray", bent)
    figure.colorbar(shown, ax=figure.axes, shrink=0.5, label="G", pad=0.01)
    for name, field in wrong.items():
        rms = np.sqrt(np.nanmean(np.square(field)))
        shown = _panel(panels.pop(0), f"{name}: {rms:.1f} G RMS", field, "RdBu_r", straight)
    if sigma is not None:
        norm = Normalize(0.0, WRONG)
        _panel(panels.pop(0), "standard error claimed (0…50 G)", sigma, "YlOrBr", norm)
    figure.colorbar(
        shown, ax=figure.axes[: rows * WIDE], shrink=0.5, label="difference, G", pad=0.01
    )
    for empty in panels:
        empty.set_axis_off()
    return figure


def draw_spectra(table: TrialTable) -> Figure:
    """Coherence with the truth, and power over the truth's, of every method by wavelength."""
    figure = Figure(figsize=(12.0, 5.0), layout="constrained")
    figure.suptitle(f"{table.trial}: which scales are real", fontsize=14, weight="bold")
    left, right = figure.subplots(1, 2)
    for row in table.rows:
        if row.coherence and np.isfinite(row.coherence).any():
            look = {"lw": 2.6, "color": "black"} if row.name == table.network else {"lw": 1.2}
            left.plot(FREQUENCIES, row.coherence, label=row.name, **look)
            right.plot(FREQUENCIES, row.transfer, label=row.name, **look)
    left.axhline(HALF, color="gray", lw=0.8, ls=":")
    left.set(ylim=(0.0, 1.02), ylabel="coherence γ² with the truth")
    right.set(yscale="log", ylim=(1e-4, 3.0), ylabel="power over the truth's")
    for axes in (left, right):
        axes.set(xlim=(0.0, 0.5), xlabel="wavelength (px)")
        axes.set_xticks(
            [1 / 32, 1 / 16, 1 / 8, 1 / 5, 1 / 4, 1 / 3, 1 / 2], [32, 16, 8, 5, 4, 3, 2]
        )
        axes.grid(alpha=0.3)
    left.legend(fontsize=8)
    return figure


def write_picture(path: Path, figure: Figure) -> None:
    """*figure* as a PNG, whole or not at all.

    Raises
    ------
    CannotWrite : the file system refuses.
    """
    write_whole(path, lambda part: figure.savefig(part, dpi=110))


def _panel(axes: Axes, title: str, field: Floats, colours: str, norm: Normalize) -> AxesImage:
    axes.set_title(title, fontsize=10)
    axes.set_axis_off()
    return axes.imshow(field, cmap=colours, norm=norm, origin="lower", interpolation="nearest")
