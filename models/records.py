"""What a training leaves for eyes: curves as CSV and for TensorBoard, and sample pictures.

Knows files and figures. Refuses to know how numbers came about.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.image import imsave
from numpy.typing import NDArray
from torch.utils.tensorboard import SummaryWriter

from models.files import write_whole

CURVES = "curves.csv"
ROWS, GAP = 4, 2  # samples in a picture, pixels between them
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

        step, picture = int(rows[-1]["step"]), mosaic(list(images.values()))
        path = self._folder / "pictures" / f"{step:07d}.png"
        write_whole(self._folder / CURVES, as_table)
        write_whole(path, lambda part: imsave(part, picture, origin="lower"))
        for name, value in rows[-1].items():
            if name != "step":
                self._board.add_scalar(name, value, step)
        self._board.add_image(", ".join(images), picture[::-1], step, dataformats="HWC")
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


def mosaic(columns: Sequence[Image]) -> NDArray[np.uint8]:
    """RGB of the first few of the images (N, H, W) [G]: a column each, enlarged to the largest.

    Blue to red is from -:data:`LIMIT` to it; the first row is the lowest.
    """
    side = max(images.shape[-1] for images in columns)
    rows = min(ROWS, *(len(images) for images in columns))
    drawn = []
    for images in columns:
        larger = side // images.shape[-1]
        shown = images[:rows].repeat(larger, 1).repeat(larger, 2)
        framed = np.pad(shown, ((0, 0), (0, GAP), (0, GAP)))
        drawn.append(framed.reshape(-1, side + GAP))
    values = np.hstack(drawn) / (2 * LIMIT) + 0.5
    return np.asarray(colormaps["RdBu_r"](values, bytes=True)[..., :3])
