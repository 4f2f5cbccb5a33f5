"""Suns simple enough to know by heart."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipeline.core import CarringtonGrid, InputFile, SolarImage
from pipeline.instruments import read
from pipeline.simulator.sun import Moment

TIME = datetime(2026, 11, 20, 6, tzinfo=UTC)
GRID = CarringtonGrid(1440, 720)


def waves(lon: NDArray[np.float64], lat: NDArray[np.float64]) -> NDArray[np.float64]:
    """A field without symmetry, so that no flip of it looks like itself; gauss."""
    return 80.0 * np.sin(np.radians(2 * lon + 20)) * np.cos(np.radians(lat)) + 60.0 * np.sin(
        np.radians(lat + lon)
    )


def moment_of(br: NDArray[np.floating], time: datetime = TIME) -> Moment:
    nlat, nlon = br.shape
    return Moment(time, CarringtonGrid(nlon, nlat), br.astype(np.float32), ())


WAVY = moment_of(waves(*GRID.mesh()))
QUIET = moment_of(np.zeros((180, 360)))


def back(path: Path) -> SolarImage:
    """The image that the reader of real files finds in a simulated one."""
    return read(InputFile(path, "", ""))


def places(image: SolarImage) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Carrington longitude and latitude of the measured pixels."""
    y, x = np.nonzero(image.mask)
    return image.geometry.sphere(x, y)
