"""Patches at another pixel keep their flux; cameras report what their numbers say."""

from __future__ import annotations

import numpy as np
import pytest
from scenes import textured

from models.data import degrade, forward


@pytest.mark.parametrize("pixel", [0.625, 0.5, 1.0, 0.4])
def test_rescaling_conserves_flux(pixel: float) -> None:
    """Over a width that is a whole number of both pixels."""
    scene = textured((100, 200))
    scaled = forward.rescaled(scene, pixel)
    assert scaled.field.shape == (round(50 / pixel), round(100 / pixel))
    flux, unsigned = (f(scene.field).sum(dtype=np.float64) / 4 for f in (np.asarray, np.abs))
    assert scaled.field.sum(dtype=np.float64) * pixel**2 == pytest.approx(flux, abs=1e-5 * unsigned)
    np.testing.assert_allclose(scaled.radius, 0.5, rtol=1e-6)


def test_rescaling_to_whole_blocks_is_their_mean() -> None:
    scene = textured((40, 60))
    means = degrade.binned(scene.field, 2)
    np.testing.assert_allclose(forward.rescaled(scene, 1.0).field, means, atol=1e-3)


def test_rescaling_and_back_loses_nothing_that_is_smooth() -> None:
    scene = textured((120, 120))
    back = forward.rescaled(forward.rescaled(scene, 0.4), 0.5)
    inner = np.s_[8:-8, 8:-8]
    assert np.std(back.field[inner] - scene.field[inner]) < 0.01 * scene.field.std()


@pytest.mark.parametrize("camera", [forward.GONG, forward.MDI])
def test_camera_reports_its_scale_and_noise(camera: forward.Camera) -> None:
    scene = textured((512, 512))
    [pair] = forward.paired([scene], camera, 4, np.random.default_rng(0))
    assert pair.observed is not None
    assert pair.field.shape == tuple(4 * n for n in pair.observed.shape)
    assert pair.pixel == pytest.approx(camera.pixel / 4)
    optics = camera.optics
    clean = degrade.telescope(
        pair.field, pair.pixel, optics.fwhm, 4, optics.scale, 0, 0, np.random.default_rng(0)
    )
    level = float(degrade.level(np.array([[0.5]], np.float32), optics.noise, optics.limb)[0, 0])
    # Of some 100² pixels, fewer of them independent: within a twentieth.
    assert np.std(pair.observed - clean) == pytest.approx(level, rel=0.05)
