"""Batches depend on seed and step alone, and pair what belongs together."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scenes import textured

from models.data import Denoising, Noise2Noise, SuperResolution, degrade, sampler
from pipeline.core import BadRequest

QUIET = Denoising(sigma=(0.0, 0.0))
PERFECT = SuperResolution(fwhm=(0.001, 0.001), gain=(0.7, 0.7), sigma=(0.0, 0.0))


def test_batch_is_a_function_of_seed_and_step() -> None:
    scenes = [textured(seed=1), textured(seed=2)]
    draw = {"size": 16, "count": 4}
    first = sampler(scenes, Denoising(), seed=7, step=3, **draw)
    again = sampler(scenes, Denoising(), seed=7, step=3, **draw)
    np.testing.assert_array_equal(first.x, again.x)
    np.testing.assert_array_equal(first.target, again.target)
    for other in ({"seed": 7, "step": 4}, {"seed": 8, "step": 3}):
        assert not np.array_equal(first.x, sampler(scenes, Denoising(), **draw, **other).x)


def test_denoising_adds_the_noise_it_states() -> None:
    scene = replace(textured(), radius=np.zeros((96, 128), np.float32))
    task = Denoising(sigma=(10.2, 10.2), kernel=(0.45, 0.45), channels=("field", "level", "mask"))
    batch = sampler([scene], task, size=64, count=64, seed=0, step=0)
    assert batch.x.shape == (64, 3, 64, 64)
    added = task.scale * (batch.x[:, 0] - batch.target[:, 0])
    assert added.std() == pytest.approx(10.2, rel=0.01)
    np.testing.assert_allclose(batch.x[:, 1], 10.2 / task.scale, rtol=1e-6)
    assert (batch.x[:, 2] == 1.0).all()


def test_answers_to_noise_have_noise_of_their_own() -> None:
    task = Noise2Noise(sigma=(10.0, 10.0), kernel=(0.0, 0.0))
    batch = sampler([replace(textured(), radius=np.zeros((96, 128), np.float32))], task,
                    size=64, count=64, seed=0, step=0)  # fmt: skip
    difference = task.scale * (batch.x[:, 0] - batch.target[:, 0])
    assert difference.std() == pytest.approx(10.0 * np.sqrt(2.0), rel=0.01)


def test_all_turns_and_polarities_occur() -> None:
    scene = textured((16, 16))
    batch = sampler([scene], QUIET, size=16, count=400, seed=0, step=0)
    np.testing.assert_array_equal(batch.x[:, 0], batch.target[:, 0])
    kinds = {picture.tobytes() for picture in batch.target[:, 0]}
    assert len(kinds) == 16


def test_super_resolution_pairs_a_piece_with_its_own_coarse_picture() -> None:
    """Through a telescope that only bins, the mean of the answer is the input."""
    batch = sampler([textured()], PERFECT, size=8, count=32, seed=0, step=0)
    assert batch.target.shape == (32, 1, 32, 32)
    means = np.stack([degrade.binned(t, 4) for t in batch.target[:, 0]])
    np.testing.assert_allclose(batch.x[:, 0], 0.7 * means, atol=1e-5)


def test_pieces_see_what_lies_around_them() -> None:
    """The picture of a piece is the same as cut out of the picture of the whole."""
    scene = textured((256, 256))
    task = SuperResolution(sigma=(0.0, 0.0))
    coarse = {
        (row, column): degrade.telescope(
            scene.field[row:, column:], 0.5, 5.0, 4, 0.7, 0.0, 0.0, np.random.default_rng(0)
        )
        for row in range(4)
        for column in range(4)
    }
    batch = sampler([scene], task, size=16, count=8, seed=0, step=0)
    for x, target in zip(batch.x[:, 0], batch.target[:, 0], strict=True):
        sign, turned, (top, left) = _found(target * np.float32(3500.0), scene.field)
        whole = coarse[top % 4, left % 4][top // 4 :, left // 4 :][:16, :16]
        inner = np.s_[8:-8, 8:-8] if min(top, left) < 64 or max(top, left) > 128 else np.s_[:, :]
        np.testing.assert_allclose(3500.0 * turned(x)[inner], sign * whole[inner], atol=0.05)


def _found(target: np.ndarray, field: np.ndarray):
    """Sign, turn and corner with which a piece was drawn from *field*."""
    for quarter in range(4):
        for mirrored in (False, True):

            def turned(a, quarter=quarter, mirrored=mirrored):
                return np.rot90(a[:, ::-1] if mirrored else a, -quarter)

            piece = turned(target)
            for sign in (1.0, -1.0):
                near = np.abs(sign * field - piece[0, 0]) < 1e-3
                for top, left in np.argwhere(near):
                    window = field[top : top + 64, left : left + 64]
                    if window.shape == piece.shape and np.allclose(sign * window, piece, atol=0.01):
                        return sign, turned, (int(top), int(left))
    raise AssertionError("no such piece in the scene")


def test_pairs_that_scenes_bring_along_stay_aligned() -> None:
    fine = textured()
    scene = replace(fine, observed=degrade.binned(fine.field, 4))
    batch = sampler([scene], SuperResolution(), size=8, count=32, seed=0, step=0)
    means = np.stack([degrade.binned(t, 4) for t in batch.target[:, 0]])
    np.testing.assert_allclose(batch.x[:, 0], means, atol=1e-5)


def test_frames_with_a_stack_are_paired_with_it() -> None:
    fine = textured()
    scene = replace(fine, observed=fine.field + np.float32(5.0))
    batch = sampler([scene], Denoising(), size=16, count=16, seed=0, step=0)
    difference = np.abs(100.0 * (batch.x[:, 0] - batch.target[:, 0]))
    np.testing.assert_allclose(difference, 5.0, atol=1e-3)


def test_what_is_not_measured_is_masked_and_has_no_weight() -> None:
    scene = textured((32, 32))
    scene.field[:16] = np.nan
    batch = sampler([scene], Denoising(sigma=(5, 5)), size=32, count=4, seed=0, step=0)
    assert batch.x[:, 2].mean() == batch.weight.mean() == 0.5
    assert (batch.x[:, :2] * (1 - batch.x[:, 2:]) == 0).all()
    assert (batch.target * (1 - batch.weight) == 0).all()


def test_clipped_fields_are_seen_but_are_no_truth() -> None:
    scene = replace(textured(), limit=150.0)
    batch = sampler([scene], QUIET, size=32, count=8, seed=0, step=0)
    assert (np.abs(batch.target) < 1.5).all()
    assert np.abs(batch.x[:, 0]).max() > 1.5
    assert (batch.x[:, 2] == 1.0).all()
    np.testing.assert_array_equal(batch.weight[:, 0] == 0.0, np.abs(batch.x[:, 0]) >= 1.5)


def test_clipping_spoils_blurred_neighbours_too() -> None:
    scene = textured((128, 128))
    scene.field[60:68, 60:68] = 1000.0
    scene = replace(scene, limit=900.0)
    batch = sampler([scene], SuperResolution(), size=32, count=1, seed=0, step=0)
    # 5 arcsec wide, 4.2 px: beyond 3 of them from the edge, not a hundredth is left.
    assert 14**2 < (batch.weight == 0.0).sum() < (8 + 2 * 13) ** 2


def test_small_scene_is_padded() -> None:
    batch = sampler([textured((20, 30))], QUIET, size=32, count=2, seed=0, step=0)
    assert batch.weight.sum() == batch.x[:, 2].sum() == 2 * 20 * 30


def test_pieces_beyond_the_limb_are_drawn_again() -> None:
    scene = textured((128, 128))
    scene.field[:, 32:] = np.nan
    batch = sampler([scene], QUIET, size=32, count=100, seed=0, step=0)
    # 24 of 97 columns are good places to begin; ten bad draws in a row are a chance of .06.
    assert np.mean(batch.weight.mean(axis=(1, 2, 3)) > 0.25) > 0.8


def test_scenes_are_drawn_by_their_size_or_as_told() -> None:
    scenes = [textured((64, 64)), replace(textured((64, 192)), limit=0.0)]
    drawn = sampler(scenes, QUIET, size=16, count=50, seed=0, step=0)
    assert drawn.weight.all()  # the other has no valid pixel
    told = sampler(scenes, QUIET, size=16, count=400, seed=0, step=0, shares=(1, 3))
    share = told.weight.mean()
    assert share == pytest.approx(0.25, abs=4 * np.sqrt(0.25 * 0.75 / 400))


def test_bad_requests_say_what_is_wrong() -> None:
    draw = {"size": 16, "count": 1, "seed": 0, "step": 0}
    with pytest.raises(BadRequest, match="no scene"):
        sampler([], QUIET, **draw)
    with pytest.raises(BadRequest, match="one weight per scene"):
        sampler([textured()], QUIET, shares=(1.0, 2.0), **draw)
    with pytest.raises(BadRequest, match="No plane is called 'colour'"):
        sampler([textured()], replace(QUIET, channels=("field", "colour", "mask")), **draw)
    paired = replace(textured((20, 20)), observed=np.zeros((20, 20), np.float32))
    with pytest.raises(BadRequest, match="draw smaller pieces"):
        sampler([paired], QUIET, **{**draw, "size": 32})
