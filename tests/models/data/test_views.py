"""Turned, zoomed and placed: what of a field is kept, and what is not made up."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
from scenes import textured

from models.data.views import Views, moved


def test_a_quarter_turn_is_exact() -> None:
    piece = textured((64, 64))
    turned = moved(piece, np.array([[0.0, -1.0], [1.0, 0.0]]))
    # row r and column c look at (-c, r) about the middle
    np.testing.assert_allclose(turned.field, np.rot90(piece.field, -1), atol=0.01)


def test_twice_as_near_shows_every_second_pixel_again() -> None:
    piece = textured((65, 65))
    near = moved(piece, 0.5 * np.eye(2))
    np.testing.assert_allclose(near.field[::2, ::2], piece.field[16:49, 16:49], atol=0.01)


def test_nothing_is_made_up_beyond_the_piece_or_where_it_is_no_truth() -> None:
    piece = textured((65, 65))
    field = piece.field.copy()
    field[30:34, 30:34] = np.nan
    field[10, 10] = 500.0
    piece = replace(piece, field=field, limit=480.0)
    far = moved(piece, 2.0 * np.eye(2))
    assert np.isnan(far.field[:16]).all()
    assert np.isnan(far.field[31:33, 31:33]).all()
    assert np.isnan(moved(piece, np.eye(2)).field[10, 10])


def test_strength_and_limit_grow_alike() -> None:
    piece = replace(textured(), limit=150.0)
    seen = Views(strength=0.5).of(piece, np.random.default_rng(0))
    ratio = seen.field / piece.field
    assert ratio.std() < 1e-5
    assert abs(math.log(ratio.mean())) < 0.5
    np.testing.assert_array_equal(seen.valid, piece.valid)


def test_a_pedestal_is_one_number_and_spares_clipped_fields() -> None:
    piece = textured()
    views = Views(pedestal=6.0)
    added = [views.of(piece, np.random.default_rng(n)).field - piece.field for n in range(200)]
    assert max(np.ptp(each) for each in added) < 1e-3
    assert abs(np.std([each.mean() for each in added]) / 6.0 - 1.0) < 3.0 / math.sqrt(2.0 * 200)
    clipped = replace(piece, limit=150.0)
    np.testing.assert_array_equal(views.of(clipped, np.random.default_rng(0)).field, piece.field)


def test_places_lie_evenly_on_the_disk_and_hold_nothing_beyond_the_limb() -> None:
    rng = np.random.default_rng(0)
    views, piece = Views(anywhere=1.0), textured((8, 8))
    seen = [views.of(piece, rng) for _ in range(400)]
    middle = np.array([scene.radius[4, 4] for scene in seen])
    assert abs(np.mean(middle < 1.02 / math.sqrt(2.0)) - 0.5) < 3.0 * 0.5 / math.sqrt(400)
    for scene in seen:
        assert not np.isfinite(scene.field[scene.radius >= 1.0]).any()


def test_a_scene_with_a_pair_stays() -> None:
    piece = textured()
    paired = replace(piece, observed=piece.field[::2, ::2])
    assert Views(turned=1.0, strength=1.0).of(paired, np.random.default_rng(0)) is paired
