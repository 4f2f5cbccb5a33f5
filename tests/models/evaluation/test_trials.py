"""Trials degrade as they say, alike for all, and judge only what is a truth."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from patches import patch

from models.data import Scene
from models.evaluation import evaluate, rivals, row
from models.evaluation.estimates import Method
from models.evaluation.full_disk import disk_noise
from models.evaluation.judge import trials_for
from models.evaluation.trials import DENOISING, GONG, MDI, Noise, examine, generator, tuning_pairs
from models.metrics.summed import Floats
from pipeline.core import BadRequest


def answering(answer: Callable[[Floats, float], Floats]) -> Method:
    return Method("answer", "", lambda field, radius, noise: (answer(field, noise), None))


def test_noise_is_the_same_for_every_method_and_other_in_every_frame() -> None:
    scene, seen = patch("a", 0), []
    for _ in range(2):
        examine([scene], Noise(10.2, 0.45), answering(lambda x, _: seen.append(x) or x))
    assert np.array_equal(seen[0], seen[2])
    assert np.array_equal(seen[1], seen[3])
    apart = seen[0] - seen[1]
    assert np.std(apart) == pytest.approx(10.2 * np.sqrt(2), rel=0.02)
    tuned_on = tuning_pairs([scene], Noise(10.2, 0.45))[0].degraded
    assert not any(np.array_equal(tuned_on, frame) for frame in seen)


def test_what_comes_back_untouched_has_the_noise_that_was_added() -> None:
    values = row(answering(lambda x, _: x), Noise(6.3, 0.65), [patch("a", 0), patch("b", 1)]).values
    assert values["σ_D"] == pytest.approx(6.3, rel=0.05)
    assert values["PSNR"] == pytest.approx(20 * np.log10(200 / 6.3), abs=0.3)
    assert values["slope > 100 G"] == pytest.approx(1.0, abs=0.01)


def test_the_stated_noise_is_told() -> None:
    told = []
    examine(
        [patch("a", 0)],
        MDI,
        answering(lambda x, noise: told.append(noise) or x.repeat(4, 0).repeat(4, 1)),
    )
    assert told == [16.0, 16.0]


@pytest.mark.parametrize("camera", [GONG, MDI])
def test_a_camera_sees_the_truth_at_a_quarter_of_its_pixels(camera: type[GONG]) -> None:
    scene = patch("a", 0, (130, 150))
    truth = camera.scene(scene)
    assert truth.pixel == pytest.approx(camera.pixel / 4, rel=0.02)
    assert not any(n % 4 for n in truth.field.shape)
    quiet = replace(camera, sigma=0.0)
    seen = quiet.degraded(truth, generator(scene, 1))
    assert seen.shape == tuple(n // 4 for n in truth.field.shape)
    assert seen.mean() == pytest.approx(camera.scale * truth.field.mean(), rel=0.05)
    assert np.abs(seen).max() < camera.scale * np.abs(truth.field).max()


def test_clipped_pixels_are_not_judged() -> None:
    scene = patch("a", 0)
    limit = float(np.quantile(np.abs(scene.field), 0.9))
    clipped = replace(scene, field=np.clip(scene.field, -limit, limit), limit=limit)
    total = examine([clipped], Noise(1.0, 0.0), answering(lambda x, _: x)).total
    assert total["all"].n == 2 * np.count_nonzero(np.abs(scene.field) < limit)


def test_a_method_that_cannot_run_leaves_its_reason() -> None:
    found = row(Method("BM3D", "not installed", None), Noise(1.0, 0.0), [patch("a", 0)])
    assert (found.values, found.remark) == ({}, "not installed")


def test_the_truth_itself_wins_every_column() -> None:
    scene = patch("a", 0)
    rows = rivals(MDI, [scene], [patch("b", 1)])
    table = evaluate(Method("oracle", "", lambda *_: (scene.field, None)), MDI, [scene], rows)
    assert table.regions == ("a",)
    oracle = table.rows[0].values
    assert oracle["ρ"] == pytest.approx(1.0)
    assert (oracle["extremes 8 px"], oracle["gradient 2 px"], oracle["RMSE"]) == (0.0, 0.0, 0.0)
    for other in rows:
        assert not other.values["RMSE"] < 1.0


def test_trials_by_card() -> None:
    assert trials_for("denoise", ["hmi"], 1) == DENOISING
    assert [t.name for t in trials_for("crosscal", ["gong"], 2)] == ["GONG-like, ×2"]
    assert trials_for("crosscal", ["mdi"], 1)[0].scene(patch("a", 0, (256, 256))).pixel == 2.0
    with pytest.raises(BadRequest, match="farside of euvi-a"):
        trials_for("farside", ["euvi-a"], 1)


def disk(size: int = 512) -> Scene:
    y, x = np.indices((size, size)) - (size - 1) / 2
    radius = (np.hypot(x, y) / (0.48 * size)).astype(np.float32)
    field = np.where(radius < 1, np.float32(0.0), np.float32(np.nan))
    return replace(patch("disk", 0), field=field, radius=radius, region="disk-2014-04")


def test_noise_of_a_full_disk_at_centre_and_limb() -> None:
    halved = Method("half", "", lambda x, radius, noise: (x / 2, None))
    found = disk_noise([disk()], [halved, Method("absent", "", None)], added=8.0)
    assert set(found) == {"input", "half"}
    # 18 % more at the limb, linear in μ: between r = .8 and .95, μ is .6 to .31
    assert found["input"].level["centre"] == pytest.approx(8.0, rel=0.04)
    assert 8.0 * (1 + 0.18 * 0.4) < found["input"].repeatability["limb"] < 8.0 * (1 + 0.18 * 0.69)
    for place in ("centre", "limb"):
        before, after = found["input"], found["half"]
        assert after.level[place] == pytest.approx(before.level[place] / 2, rel=0.01)
        assert after.repeatability[place] == pytest.approx(before.repeatability[place] / 2)
