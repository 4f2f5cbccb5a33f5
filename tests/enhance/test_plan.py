"""Tiles cover what is measured, see as far as they must, and stay within their bounds."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.core import BadRequest
from pipeline.enhance.tiles import BLEND, Box, Tile, plan, share


@st.composite
def cases(draw: st.DrawFn) -> tuple[np.ndarray, dict[str, Any]]:
    """A mask with anything in it, and a network."""
    stride = draw(st.sampled_from([1, 2, 4, 16]))
    h, w = (stride * draw(st.integers(1, 200 // stride)) for _ in range(2))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    y, x = np.mgrid[:h, :w]
    disk = np.hypot(y - rng.uniform(0, h), x - rng.uniform(0, w)) < rng.uniform(1, max(h, w))
    mask = disk & (rng.random((h, w)) < draw(st.sampled_from([0.01, 1.0])))
    mask[rng.integers(h), rng.integers(w)] = True
    field = draw(st.integers(0, 30))
    smallest = 16 + stride + 2 * (field + BLEND + 2 * stride)
    pixels = draw(st.floats(smallest**2, 3.0 * smallest**2))
    side = draw(st.none() | st.integers(1, 250))
    return mask, {"receptive_field": field, "stride": stride, "pixels": pixels, "side": side}


@settings(deadline=None, max_examples=150)
@given(cases())
def test_every_measured_pixel_is_answered_once_by_a_tile_that_sees_enough(
    case: tuple[np.ndarray, dict[str, Any]],
) -> None:
    mask, network = case
    field, stride = network["receptive_field"], network["stride"]
    answers, weights = np.zeros(mask.shape, int), np.zeros(mask.shape)
    h, w = mask.shape
    for tile in plan(mask, **network):
        core, seen = tile.core, tile.seen
        answers[core.slices()] += 1
        # The memory bound and the longest side hold; pooling blocks are those of the frame.
        assert seen.area <= network["pixels"]
        side = network["side"]
        if side is not None:
            assert max(core.height, core.width) < side + stride
        assert all(edge % stride == 0 for edge in seen)
        # Wherever it has a say it sees the receptive field, or the frame's own edge.
        reach = core.grown(BLEND, seen)
        assert seen.top <= max(0, reach.top - field)
        assert seen.left <= max(0, reach.left - field)
        assert seen.bottom >= min(h, reach.bottom + field)
        assert seen.right >= min(w, reach.right + field)
        weights[reach.slices()] += share(core, reach)
    assert (answers[mask] == 1).all()
    assert (answers <= 1).all()
    # A pixel's own tile has at least a quarter of a say (at a corner), so dividing is safe.
    assert (weights[mask] >= 0.25).all()


def test_between_neighbours_weights_add_up_to_one() -> None:
    rows = [Box(0, 32, 0, 64), Box(32, 64, 0, 64)]
    frame = Box(0, 64, 0, 64)
    for factor in (1, 4):
        total = np.zeros((64 * factor, 64 * factor))
        for core in rows:
            reach = core.grown(BLEND, frame)
            total[reach.slices(factor)] += share(core, reach, factor)
        inside = slice(factor * BLEND, factor * (64 - BLEND))
        np.testing.assert_allclose(total[inside, inside], 1.0, atol=1e-6)


def test_one_tile_where_memory_allows() -> None:
    mask = np.ones((64, 128), bool)
    frame = Box(0, 64, 0, 128)
    assert plan(mask, receptive_field=9, stride=4, pixels=64 * 128) == [Tile(frame, frame)]
    assert len(plan(mask, receptive_field=9, stride=4, pixels=64 * 128 - 1)) > 1


def test_a_disk_is_computed_without_its_corners() -> None:
    """Strips of height h about a disk of radius R show the network 2 R h pixels beyond its
    edge and 2 m (pi R² / h) in margins m: 4 R sqrt(pi R m) more than the disk, at best."""
    radius, margin = 960, 8
    y, x = np.mgrid[:2048, :2048]
    mask = np.hypot(y - 1023.5, x - 1023.5) < radius
    tiles = plan(mask, receptive_field=margin - BLEND, stride=4, pixels=2048**2 / 4)
    total = sum(tile.seen.area for tile in tiles)
    more = 4 * radius * np.sqrt(np.pi * radius * margin)
    assert total == pytest.approx(np.pi * radius**2 + more, rel=0.03)
    assert total < (2 * radius) ** 2  # a square about the disk, even without margins


def test_memory_too_small_for_any_tile_is_said_with_its_remedy() -> None:
    with pytest.raises(BadRequest, match=r"Tiles of 64 pixels a side.*raise enhance\.memory\."):
        plan(np.ones((512, 512), bool), receptive_field=20, stride=8, pixels=3000)
