"""What far-side networks are given in training is what they are given in operation."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from models import recipe as recipes
from models.data import disks, farside, imager
from models.data.scene import SEMIDIAMETER, Scene
from models.recipe import Recipe
from pipeline.core import InputFile, Observation, Observer, Quantity, SolarImage
from pipeline.enhance.card import Card
from pipeline.enhance.polarity import leading_polarity
from pipeline.enhance.prepare import prepare

TIME = datetime(2024, 5, 1, tzinfo=UTC)
DISK = farside.frame(Observer(100.0, 5.0, 215.0))
SHAPE = (farside.SIDE, farside.SIDE)


@pytest.fixture(scope="module")
def recipe() -> Recipe:
    return recipes.read(recipes.find("euv-to-mag"))


@pytest.fixture(scope="module")
def scene() -> Scene:
    """Random numbers in every plane."""
    rng = np.random.default_rng(0)
    radius = disks.radius(DISK, SHAPE)
    lat = DISK.sphere(*np.meshgrid(np.arange(SHAPE[1]), np.arange(SHAPE[0])))[1]
    off = radius >= 1.0

    def field() -> Any:
        return np.where(off, np.nan, rng.normal(0.0, 50.0, SHAPE)).astype(np.float32)

    planes = {f"euv {c}": rng.lognormal(3.0, 1.0, SHAPE).astype(np.float32) for c in (193, 304)}
    planes |= {"prior": field(), "prior sigma": np.abs(field()) + np.float32(2.0)}
    planes["leading"] = np.nan_to_num(leading_polarity(TIME, lat))
    return Scene(field(), radius, SEMIDIAMETER / farside.RADIUS, "sun-0", TIME, planes=planes)


def task(recipe: Recipe, **changes: Any) -> imager.Imaging:
    plain = {
        "channels": {"all": 1.0},
        "prior": 1.0,
        "spoilt": 0.0,
        "doubt": 0.0,
        "noise": (0.0, 0.0),
        "busy": 0.0,
        "gamma": (1.0, 1.0),
        "grain": (0.0, 0.0),
        "mirrored": 0.0,
        "reversed": 0.0,
    }
    return imager.Imaging(recipe.inputs, recipe.output.scale, **(plain | changes))


def picture(data: Any, **changes: Any) -> SolarImage:
    told = {"time": TIME, "observer": DISK.observer, "file": InputFile(Path("x"), "", "")}
    sigma = changes.pop("sigma", None)
    return SolarImage(
        data=data,
        mask=np.isfinite(data),
        unit="G",
        geometry=DISK,
        observation=Observation(**(told | changes)),
        sigma=sigma,
    )


def test_training_and_runtime_make_the_same_tensor(recipe: Recipe, scene: Scene) -> None:
    about = recipe.about
    card = Card.model_validate(
        {
            "name": "x",
            "version": "1",
            "task": "farside",
            "summary": "",
            "instruments": about.instruments,
            "inputs": recipe.inputs,
            "grid": about.grid,
            "output": {"quantity": "b_los"},
            "receptive_field": 0,
            "stride": 16,
            "training": {
                "data": "",
                "period": about.period,
                "held_out": "",
                "recipe": "",
                "seed": 0,
                "software": "",
            },
            "licence": "",
            "metrics": (),
            "limits": ("none",),
            "files": dict.fromkeys(("model.onnx", "golden.npz"), "0" * 64),
        }
    )
    images = [
        picture(
            scene.planes[f"euv {line}"],
            instrument="euvi-a",
            quantity=Quantity.INTENSITY,
            wavelength=line,
        )
        for line in (193, 304)
    ]
    sigma = scene.planes["prior sigma"]
    prior = picture(scene.planes["prior"], instrument="map", quantity=Quantity.B_LOS, sigma=sigma)
    prepared = prepare([*images, prior], card)
    planes = {c.name: scene.planes.get(c.name.replace("-", " ")) for c in recipe.inputs}
    given = {name: plane for name, plane in planes.items() if plane is not None}
    x, measured = imager.tensor(given, scene.radius, recipe.inputs)
    np.testing.assert_array_equal(measured, prepared.mask)
    for channel, ours, theirs in zip(recipe.inputs, x, prepared.x, strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-5, err_msg=channel.name)


def test_channels_that_do_not_arrive_are_masked(recipe: Recipe, scene: Scene) -> None:
    one = task(recipe, channels={"304": 1.0}, prior=0.0)
    x, _, weight = one.pair(scene, np.random.default_rng(0))
    named = dict(zip([c.name for c in recipe.inputs], x, strict=True))
    assert not named["euv-193"].any()
    assert not named["mask-193"].any()
    assert not named["prior"].any()
    assert named["mask-304"].any()
    np.testing.assert_array_equal(named["mask"], weight * np.isfinite(scene.field))


def test_what_is_reversed_is_the_polarity_alone(recipe: Recipe, scene: Scene) -> None:
    plain, reverse = (
        task(recipe, reversed=share).pair(scene, np.random.default_rng(0)) for share in (0.0, 1.0)
    )
    np.testing.assert_array_equal(plain[1], -reverse[1])
    for n, channel in enumerate(recipe.inputs):
        signed = channel.kind in ("prior", "leading")
        np.testing.assert_array_equal(plain[0][n], -reverse[0][n] if signed else reverse[0][n])


def test_batches_follow_from_seed_and_step(recipe: Recipe, scene: Scene) -> None:
    drawn = [
        imager.sampler(
            [scene, replace(scene, region="sun-1")],
            task(
                recipe,
                spoilt=1.0,
                channels={"any": 1.0},
                noise=(0.0, 0.1),
                doubt=0.5,
                gamma=(0.8, 1.2),
                grain=(0.0, 0.1),
                mirrored=0.5,
            ),
            size=64,
            count=2,
            seed=3,
            step=step,
            shares=[1.0, 1.0],
        )
        for step in (5, 5, 6)
    ]
    np.testing.assert_array_equal(drawn[0].x, drawn[1].x)
    assert (drawn[0].x != drawn[2].x).any()
    for batch in drawn:
        assert np.isfinite(batch.x).all()
        assert np.isfinite(batch.target).all()
