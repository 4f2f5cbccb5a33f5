"""A stack is quiet, shows the same Sun, and knows nothing of the frame left out."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from scenes import TIME, SmallSeries, sun

from models.data import disks, stacks
from pipeline.archives import local
from pipeline.core import SolarImage
from pipeline.instruments import read

WINDOW = (slice(80, 176), slice(80, 176))


@pytest.fixture(scope="module")
def series(tmp_path_factory: pytest.TempPathFactory) -> list[SolarImage]:
    archive, moment = SmallSeries(tmp_path_factory.mktemp("series")), sun(TIME)
    slots = [TIME + n * timedelta(seconds=45) for n in range(-10, 11)]
    return [read(local(archive.hmi_45s(slot, moment))) for slot in slots]


def test_stack_has_the_noise_of_its_number(series: list[SolarImage]) -> None:
    middle, others = series[10], series[:10] + series[11:]
    [one] = stacks.leave_one_out(middle, others, [WINDOW])
    [half] = stacks.leave_one_out(middle, others[::2], [WINDOW])
    [rest] = stacks.leave_one_out(middle, others[1::2], [WINDOW])
    assert one.observed is not None
    np.testing.assert_array_equal(one.observed, middle.data[WINDOW])
    # Two independent stacks of ten; interpolation can only smooth their noise.
    noise = np.std(half.field - rest.field) / np.sqrt(2.0)
    assert 0.4 * 10.2 / np.sqrt(10) < noise < 1.05 * 10.2 / np.sqrt(10)
    # What the frame has beyond the stack is its own noise: more than what the stack kept.
    beyond = np.std(one.observed - one.field)
    assert beyond == pytest.approx(np.hypot(10.2, 10.2 / np.sqrt(20)), rel=0.06)


def test_frame_left_out_leaves_no_trace(series: list[SolarImage]) -> None:
    """A frame and the stack of the others share the Sun, but no noise."""
    middle, others = series[10], series[:10] + series[11:]
    [left_out] = stacks.leave_one_out(middle, others, [WINDOW])
    [kept] = stacks.leave_one_out(middle, series, [WINDOW])
    [clean] = stacks.leave_one_out(series[0], series[1:10], [WINDOW])
    noise = middle.data[WINDOW] - clean.field
    trace = [np.mean((s.field - clean.field) * noise) for s in (left_out, kept)]
    # Of the frame's variance, a twenty-first; without it, none but what clean shares.
    assert trace[1] - trace[0] == pytest.approx(10.2**2 / 21, rel=0.25)


def test_pixel_that_few_neighbours_measured_is_no_truth(series: list[SolarImage]) -> None:
    holed = [replace(image, data=image.data.copy()) for image in series[:8]]
    for image in holed:
        image.data[100:110, 100:110] = np.nan
    [scene] = stacks.leave_one_out(series[10], [*holed, *series[11:]], [WINDOW])
    assert np.isnan(scene.field[21:29, 21:29]).all()
    assert np.isfinite(scene.field).mean() > 0.98


def test_pieces_state_where_they_lie(series: list[SolarImage]) -> None:
    [piece] = stacks.leave_one_out(series[10], series[:1], [WINDOW])
    whole = disks.scene(series[10])
    np.testing.assert_array_equal(piece.radius, whole.radius[WINDOW])
    assert (piece.time, piece.pixel, piece.region) == (whole.time, whole.pixel, whole.region)
