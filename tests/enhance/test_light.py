"""Full cameras and frames half lit, told from the picture alone."""

import numpy as np
from scipy.ndimage import gaussian_filter

from pipeline.enhance.frames import Plane
from pipeline.enhance.light import PLATEAU, below_full, lit

SHAPE = (240, 240)
EVERYWHERE = np.ones(SHAPE, bool)


def corona() -> Plane:
    """About 100 DN/s, with bright regions and a hole of a tenth of the light."""
    rng = np.random.default_rng(0)
    texture = gaussian_filter(rng.standard_normal(SHAPE), 2.0)
    bright = 100.0 * 10.0 ** (2.0 * texture)
    y, x = np.indices(SHAPE)
    bright[np.hypot(x - 180, y - 60) < 25] = 10.0
    noise = 1.0 + 0.05 * rng.standard_normal(SHAPE)
    return np.asarray(bright * noise, np.float32)


def test_a_sound_picture_is_whole() -> None:
    assert below_full(corona(), EVERYWHERE).all()
    assert lit(corona(), EVERYWHERE).all()


def test_where_a_camera_was_full_nothing_was_measured() -> None:
    seen = corona()
    full = seen > np.quantile(seen, 0.97)
    found = below_full(np.where(full, np.float32(400.0), seen), EVERYWHERE)
    np.testing.assert_array_equal(found, ~full)


def test_a_few_alike_at_the_top_are_no_full_camera() -> None:
    seen = corona()
    seen.ravel()[: PLATEAU - 2] = seen.max()
    assert below_full(seen, EVERYWHERE).all()


def test_a_picture_of_one_value_stays() -> None:
    flat = np.full(SHAPE, 50.0, np.float32)
    assert below_full(flat, EVERYWHERE).all()
    assert lit(flat, EVERYWHERE).all()


def test_the_dark_part_of_a_frame_is_no_measurement() -> None:
    dark = np.arange(240) >= 130
    noise = np.random.default_rng(1).normal(0.0, 0.2, SHAPE)
    found = lit(np.where(dark, noise, corona()).astype(np.float32), EVERYWHERE)
    assert found[:, :128].all()
    assert not found[:, 130:].any()


def test_a_dark_frame_stays_for_others_to_refuse() -> None:
    nothing = np.zeros(SHAPE, np.float32)
    assert lit(nothing, EVERYWHERE).all()
    assert not lit(nothing, ~EVERYWHERE).any()
    assert not below_full(nothing, ~EVERYWHERE).any()
