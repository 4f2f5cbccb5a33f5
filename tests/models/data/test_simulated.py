"""Simulated pairs are registered exactly and differ by the camera alone."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scenes import TIME, sun

from models.data import degrade, forward, simulated
from pipeline.simulator.truth import write_day


def test_camera_sees_the_truth_blurred_scaled_and_noisy() -> None:
    scene = simulated.pair(sun(TIME), forward.GONG, 2, np.random.default_rng(0))
    assert scene.observed is not None
    assert scene.field.shape == tuple(2 * n for n in scene.observed.shape)
    inner = degrade.binned(scene.radius, 2) < 0.5
    optics = forward.GONG.optics
    seen = degrade.blur(degrade.binned(scene.field, 2), optics.fwhm / degrade.FWHM / 2.53)
    slope, zero = np.polyfit(seen[inner], scene.observed[inner], 1)
    # HMI's own blur of an arcsecond is in the truth and makes it 2 % softer.
    assert slope == pytest.approx(optics.scale, rel=0.03)
    assert zero == pytest.approx(0.0, abs=0.2)
    left = scene.observed[inner] - slope * seen[inner]
    assert left.std() == pytest.approx(optics.noise, rel=0.1)
    assert np.isnan(scene.field[scene.radius >= 1.0]).all()


def test_noise_of_45_seconds_is_added_to_a_truth_without() -> None:
    camera = replace(simulated.HMI_45S, pixel=4.0)
    once, again = (
        simulated.pair(sun(TIME), camera, 1, np.random.default_rng(seed)) for seed in (0, 1)
    )
    np.testing.assert_array_equal(once.field, again.field)
    assert once.observed is not None
    near = once.radius < 0.3  # 18 % more at the limb is 1 % more at a third of the radius
    assert np.std((once.observed - once.field)[near]) == pytest.approx(10.2, rel=0.03)


def test_pieces_come_from_a_simulated_archive(tmp_path: Path) -> None:
    moment = sun(TIME)
    write_day(tmp_path, [moment])
    [item] = simulated.paired(tmp_path, forward.GONG, [TIME], factor=1, side=128, count=3)
    scenes = item.scenes()
    assert len(scenes) == 3
    for scene in scenes:
        assert scene.field.shape == (128, 128)
        assert scene.region == "simulated-2014-01"
        assert scene.time == TIME
    np.testing.assert_array_equal(item.scenes()[0].observed, scenes[0].observed)
