"""What a training leaves for eyes: curves as CSV and for TensorBoard, and sample pictures.

Knows files and figures. Refuses to know how numbers came about.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from numpy.typing import NDArray
from torch.utils.tensorboard import SummaryWriter

from models.files import write_whole

CURVES = "curves.csv"
ROWS = 4  # samples in a picture
LIMIT = 200.0  # gauss, of its colours

Row = Mapping[str, float]
Image = NDArray[np.floating[Any]]


class Records:
    """The records in *folder* of a training that begins, or goes on, at *step*."""

    def __init__(self, folder: Path, step: int) -> None:
        self._folder = folder
        # What a stopped training wrote beyond its checkpoint is purged.
        self._board = SummaryWriter(str(folder), purge_step=step + 1)

    def write(self, rows: Sequence[Row], images: Mapping[str, Image]) -> None:
        """All *rows* so far as a table; the last, and *images* (N, H, W) [G], for TensorBoard too.

        Each row has a ``step``; all have the same names.

        Raises
        ------
        CannotWrite : the file system refuses.
        """

        def as_table(path: Path) -> None:
            with path.open("w", newline="") as file:
                table = csv.DictWriter(file, fieldnames=list(rows[-1]))
                table.writeheader()
                table.writerows(rows)

        step, figure = int(rows[-1]["step"]), draw(images)
        write_whole(self._folder / CURVES, as_table)
        write_whole(self._folder / "pictures" / f"{step:07d}.png", figure.savefig)
        canvas = FigureCanvasAgg(figure)
        canvas.draw()
        pixels = np.asarray(canvas.buffer_rgba())[..., :3]
        for name, value in rows[-1].items():
            if name != "step":
                self._board.add_scalar(name, value, step)
        self._board.add_image("samples", pixels, step, dataformats="HWC")
        self._board.flush()

    def close(self) -> None:
        """Write nothing more."""
        self._board.close()


def last(folder: Path) -> dict[str, float]:
    """The newest row of the table in *folder*; nothing if there is none."""
    try:
        with (folder / CURVES).open(newline="") as file:
            rows = list(csv.DictReader(file))
    except FileNotFoundError:
        return {}
    return {name: float(value) for name, value in rows[-1].items()}


def draw(samples: Mapping[str, Image]) -> Figure:
    """The first few of the images (N, H, W), gauss, by name, between ±:data:`LIMIT`."""
    rows = min(ROWS, *(len(images) for images in samples.values()))
    figure = Figure(figsize=(2.2 * len(samples), 2.2 * rows), layout="constrained")
    axes = figure.subplots(rows, len(samples), squeeze=False)
    for column, (name, images) in zip(axes.T, samples.items(), strict=True):
        column[0].set_title(name, fontsize=8)
        for axis, image in zip(column, images[:rows], strict=True):
            axis.imshow(image, origin="lower", cmap="RdBu_r", vmin=-LIMIT, vmax=LIMIT)
            axis.set_axis_off()
    return figure
