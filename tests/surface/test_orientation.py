"""A frame written the wrong way round is found out by the days before it."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pipeline import instruments, surface
from pipeline.archives import local
from pipeline.core import BadFile, CarringtonGrid, GlobalMap, SolarImage

GRID = CarringtonGrid()


@pytest.fixture(scope="module")
def days(real_archive: Path) -> tuple[GlobalMap, SolarImage]:
    """The map of one day, and the frame of the next."""
    folder = real_archive / "jsoc.stanford.edu/data/hmi/fits/2014/01"
    first, second = (
        instruments.read(local(next((folder / day).glob("*.fits")))) for day in ("21", "22")
    )
    blank = surface.blank(first.observation.time, GRID)
    return surface.analyse(blank, surface.observe(first, GRID)), second


@pytest.mark.parametrize(
    ("how", "turn"),
    [
        ("upside down", lambda data: data[::-1]),
        ("mirrored", lambda data: data[:, ::-1]),
        ("turned by 180 degrees", lambda data: data[::-1, ::-1]),
        ("with reversed polarity", lambda data: -data),
    ],
)
def test_a_turned_frame_is_named(days: tuple[GlobalMap, SolarImage], how: str, turn) -> None:
    state, frame = days
    turned = replace(
        frame,
        data=np.ascontiguousarray(turn(frame.data)),
        mask=np.ascontiguousarray(np.isfinite(turn(frame.data))),
    )
    with pytest.raises(BadFile, match=f"but {how} by"):
        surface.require_upright(state, turned, surface.observe(turned, GRID))


def test_a_true_frame_is_not_suspected(days: tuple[GlobalMap, SolarImage]) -> None:
    state, frame = days
    surface.require_upright(state, frame, surface.observe(frame, GRID))


def test_without_history_nothing_is_suspected(days: tuple[GlobalMap, SolarImage]) -> None:
    _, frame = days
    blank = surface.blank(frame.observation.time, GRID)
    surface.require_upright(blank, frame, surface.observe(frame, GRID))
