"""Small files of every kind, to be spoiled, and how they are read back."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from astropy.io import fits

from pipeline.core import CarringtonGrid, Disk, InputFile, SolarImage
from pipeline.instruments import read
from pipeline.simulator.sun import Moment

TIME = datetime(2026, 11, 20, 6, 0, 23, tzinfo=UTC)
GRID = CarringtonGrid(720, 360)


def back(path: Path) -> SolarImage:
    """What the room makes of a file."""
    return read(InputFile(path, "", ""))


def edit(
    path: Path, change: Callable[[np.ndarray], np.ndarray] = np.asarray, **cards: object
) -> Path:
    """Change the picture and set (None: delete) header cards; the result is a plain file."""
    with fits.open(path) as units:
        data, header = units[-1].data.astype(np.float32), units[-1].header.copy()
    header.update({key.replace("DATE_OBS", "DATE-OBS"): card for key, card in cards.items()})
    for key in ("BSCALE", "BZERO", "BLANK", *(key for key, card in cards.items() if card is None)):
        header.remove(key, ignore_missing=True)
    fits.PrimaryHDU(change(data), header).writeto(path, overwrite=True)
    return path


def waves(lon: np.ndarray, lat: np.ndarray) -> np.ndarray:
    return 100.0 * np.sin(np.radians(lon)) * np.cos(np.radians(lat))


WAVY = Moment(TIME, GRID, waves(*GRID.mesh()).astype(np.float32), ())


class Glow:
    """A corona that is equally bright all over the disk, and dark beyond."""

    def rate(self, moment: Moment, disk: Disk, size: int, wavelength: int) -> np.ndarray:
        y, x = np.ogrid[:size, :size]
        shining = np.hypot(x - disk.x0, y - disk.y0) < disk.radius
        return np.where(shining, np.float32(200.0), np.float32(0.0))
