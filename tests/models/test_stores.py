"""Batches from data sets on disk: repeatable, guarded against leaks, larger than memory."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is not installed")

from learning import SMALL, recipe  # noqa: E402

from models import stores  # noqa: E402
from models.batches import Batches, drawing, origin  # noqa: E402
from models.data import HeldOut, LeakError, Scene, shards  # noqa: E402
from models.recipe import Recipe  # noqa: E402
from pipeline.core import BadRequest  # noqa: E402

PARTS = {"sharp-1": "train", "sharp-2": "train", "sharp-3": "train", "sharp-9": "validation"}


def scene(region: str, pixel: float = 0.5) -> Scene:
    """A patch whose field, far above any noise, tells its region's number."""
    field = np.full((24, 24), 1000 * float(region.split("-")[1]), np.float32)
    radius = np.zeros_like(field)
    return Scene(field, radius, pixel, region, datetime(2014, 1, 1, tzinfo=UTC))


def only(region: str) -> Sequence[Scene]:
    return [scene(region)]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    items = [shards.Item(region, partial(only, region)) for region in PARTS]
    held_out = HeldOut(frozenset({"sharp-9"}), frozenset())
    shards.write(tmp_path / "set", "set", "0", items, held_out)
    return tmp_path / "set"


SPLIT = {"split": {"validation": ["sharp-9"], "test": []}}


def regions(x: np.ndarray) -> set[int]:
    """Which regions a batch was drawn from."""
    return {round(abs(float(field.mean())) / 10) for field in x[:, 0]}  # in units of 100 G


def test_a_batch_depends_on_seed_and_step_alone(folder: Path) -> None:
    wanted = recipe(data=SPLIT)
    draw, again = (stores.streaming(wanted, [folder], "train") for _ in range(2))
    for step in (5, 0):
        np.testing.assert_array_equal(draw(4, 1, step).x, again(4, 1, step).x)
    assert not np.array_equal(draw(4, 1, 0).x, draw(4, 1, 1).x)
    assert regions(draw(64, 0, 0).x) == {1, 2, 3}
    assert regions(stores.streaming(wanted, [folder], "validation")(8, 0, 0).x) == {9}


def test_a_data_set_larger_than_memory_is_wandered_through(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stores, "HELD", 1)
    monkeypatch.setattr(stores, "TURN", 2)
    draw = stores.streaming(recipe(data=SPLIT), [folder], "train")
    seen = [regions(draw(8, 0, step).x) for step in range(60)]
    assert all(len(held) == 1 for held in seen)
    assert seen[0] == seen[1]
    assert set().union(*seen) == {1, 2, 3}
    assert regions(draw(8, 0, 0).x) == seen[0]


def test_what_the_recipe_holds_out_is_not_trained_on(folder: Path) -> None:
    stray = {"split": {"validation": [], "test": ["sharp-2"]}}
    with pytest.raises(LeakError, match=r"sharp-2 .* held out by small"):
        stores.streaming(recipe(data=stray), [folder], "train")


def test_a_source_that_is_absent_is_named(folder: Path) -> None:
    wanted = recipe(data=SPLIT | {"sources": {"sharp": 1.0, "disk": 1.0}})
    with pytest.raises(BadRequest, match="nothing from disk for train"):
        stores.streaming(wanted, [folder], "train")
    with pytest.raises(BadRequest, match="draws from disk"):
        drawing(wanted, [scene("sharp-1")])
    with pytest.raises(BadRequest, match=r"names no data\.sets"):
        stores.build(recipe(), folder, None)


def test_sources_are_drawn_in_their_shares() -> None:
    wanted = recipe(data={"sources": {"sharp": 3.0, "disk": 1.0}})
    # However many scenes a source has.
    draw = drawing(wanted, [scene("sharp-1"), scene("disk-2"), scene("disk-3"), scene("other-4")])
    x = draw(400, 0, 0).x
    sharp = sum(round(abs(float(field.mean())) / 10) == 1 for field in x[:, 0])
    assert abs(sharp - 300) < 4 * np.sqrt(400 * 0.75 * 0.25)
    assert 4 not in regions(x)


def test_truths_are_resampled_to_the_pixels_wanted() -> None:
    wanted = recipe(data={"pixel": 1.0, "patch": 12})
    x = drawing(wanted, [scene("sharp-1")])(1, 0, 0).x
    assert x[0, 1].all()  # 24 pixels have become 12
    wanted = recipe(data={"pixel": 1.0, "patch": 13})
    assert not drawing(wanted, [scene("sharp-1")])(1, 0, 0).x[0, 1].all()


def test_pieces_are_varied_as_the_recipe_says() -> None:
    radius = {"name": "radius", "kind": "radius"}
    inputs = {"inputs": [SMALL["inputs"][0], radius, SMALL["inputs"][1]]}
    wanted = SMALL | inputs | {"degradation": SMALL["degradation"] | {"views": {"anywhere": 1.0}}}
    still = drawing(Recipe.model_validate(SMALL | inputs), [scene("sharp-1")])(16, 0, 0)
    moved = drawing(Recipe.model_validate(wanted), [scene("sharp-1")])(16, 0, 0)
    assert not still.x[:, 1].any()  # as the scene says
    assert np.ptp(moved.x[:, 1].mean((1, 2))) > 0.5


def test_processes_share_a_batch_evenly() -> None:
    draw = drawing(recipe(), [scene("sharp-1")])
    assert len(Batches(recipe(), draw, 0, 2)[0][0]) == 2
    with pytest.raises(BadRequest, match="3 processes cannot share 4"):
        Batches(recipe(), draw, 0, 3)


def test_the_origin_of_a_region_is_how_its_name_begins() -> None:
    assert origin("disk-2014-03") == "disk"
