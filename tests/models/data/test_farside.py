"""Far sides of simulated Suns: what a map knows of them, and what it cannot."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scenes import TIME

from models.data import farside
from models.data.farside import Sun
from models.data.scene import Scene
from models.data.split import SUNS
from pipeline.simulator import euv


@pytest.fixture(scope="module")
def scenes() -> list[Scene]:
    """One moment of an active Sun, from 100 degrees ahead of the Earth."""
    [item] = farside.items([Sun(9, TIME, 1, ((99.9, 100.1),))], views=1)
    return list(item.scenes())


def test_a_map_is_the_truth_where_the_earth_sees_and_older_elsewhere(scenes: list[Scene]) -> None:
    scene = scenes[0]
    near = scene.radius < 0.95
    age = scene.planes["age"]
    seen, hidden = near & (age == 0), near & (age > 0)
    truth, prior = scene.field, scene.planes["prior"]
    # Pixels between a place in view and one that is not are of both.
    same = np.isclose(truth[seen], prior[seen], atol=0.01)
    assert same.mean() > 0.9
    assert np.abs(truth - prior)[hidden].mean() > 1.0
    # Out of view since 65 degrees west: seen from 100, the middle is 35/13.2 days old.
    middle = age[farside.SIDE // 2, farside.SIDE // 2]
    assert middle == pytest.approx(35 / farside.DRIFT, abs=farside.STEP.days / 2 + 0.2)
    error = scene.planes["prior sigma"]
    assert error[hidden].mean() > error[seen].mean()


def test_pictures_are_of_the_field_and_of_other_relations(scenes: list[Scene]) -> None:
    one, other = scenes
    near = one.radius < 0.7
    strength = np.log10(np.abs(one.field[near]) + 3.0)
    for channel in farside.CHANNELS:
        bright = np.log10(one.planes[f"euv {channel}"][near])
        assert np.corrcoef(bright, strength)[0, 1] > 0.2
    levels = [np.median(s.planes["euv 304"][s.radius < 0.98]) for s in (one, other)]
    assert levels[0] != pytest.approx(levels[1], rel=0.01)


def test_relations_beyond_training_are_beyond_it() -> None:
    rng = np.random.default_rng(0)
    for _ in range(20):
        for channel, found in farside.relations("beyond", rng).items():
            usual = euv.RELATIONS[channel]
            widest = 1.5 if usual.measured else 2.25
            for name in ("near", "far", "limb1", "scatter"):
                factor = getattr(found, name) / getattr(usual, name)
                assert max(factor, 1 / factor) >= widest * 0.999


def test_no_sun_is_in_two_splits_and_tests_are_seen_from_elsewhere() -> None:
    learnt = {sun.region for sun in farside.TRAINING}
    assert learnt.isdisjoint(SUNS.validation | SUNS.test)
    assert {sun.region for sun in farside.VALIDATION} == SUNS.validation
    assert {sun.region for sun in farside.TEST} == SUNS.test
    today = replace(farside.TEST[0]).separations[0]
    assert all(high <= today[0] or low >= today[1] for low, high in farside.LEARNT)
