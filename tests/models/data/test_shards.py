"""A data set on disk is whole, goes on where it stopped, and vouches for its bytes."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from scenes import textured

from models.data import HeldOut, LeakError, shards
from models.data.shards import Item
from pipeline.core import BadFile, BadRequest, CannotWrite, NothingObserved

MARCH = HeldOut(frozenset(), frozenset({"--03"}))


def item(key: str, month: int, **changes: object) -> Item:
    scene = textured((8, 12), f"spot-{key}", datetime(2014, month, 15, tzinfo=UTC), seed=month)
    return Item(key, lambda: [replace(scene, **changes), scene])


ITEMS = [item("a", 1), item("b", 3, observed=np.ones((4, 6), np.float32)), item("c", 5, limit=9.0)]


def test_scenes_come_back_as_they_were(tmp_path: Path) -> None:
    index = shards.write(tmp_path, "spots", "1", ITEMS, MARCH)
    assert index.counts == {"train": 4, "test": 2}
    assert index.complete
    there = {part: list(shards.stream(tmp_path, part)) for part in ("train", "validation", "test")}
    assert [len(scenes) for scenes in there.values()] == [4, 0, 2]
    written = [scene for n in (0, 2, 1) for scene in ITEMS[n].scenes()]
    for ours, theirs in zip(written, there["train"] + there["test"], strict=True):
        for part in fields(ours):
            np.testing.assert_equal(getattr(theirs, part.name), getattr(ours, part.name))


def test_same_items_give_the_same_bytes(tmp_path: Path) -> None:
    one, other = (shards.write(tmp_path / name, "spots", "1", ITEMS, MARCH) for name in "xy")
    assert one == other


def test_stopped_build_goes_on_where_it_was(tmp_path: Path) -> None:
    made = []

    def stops(items, total):
        for n, it in enumerate(items):
            if n == 2:
                raise KeyboardInterrupt
            made.append(it.key)
            yield it

    with pytest.raises(KeyboardInterrupt):
        shards.write(tmp_path, "spots", "1", ITEMS, MARCH, stops)
    assert made == ["a", "b"]
    assert not shards.read_index(tmp_path).complete
    before = {file: file.stat().st_mtime_ns for file in tmp_path.glob("*.npz")}
    index = shards.write(tmp_path, "spots", "1", ITEMS, MARCH, lambda items, _: _noted(items, made))
    assert made == ["a", "b", "c"]
    assert index.complete
    assert all(file.stat().st_mtime_ns == time for file, time in before.items())
    whole = shards.write(tmp_path / "whole", "spots", "1", ITEMS, MARCH)
    assert {s.sha256 for s in index.shards} == {s.sha256 for s in whole.shards}


def _noted(items, made):
    for it in items:
        made.append(it.key)
        yield it


def test_missing_shard_is_made_again(tmp_path: Path) -> None:
    shards.write(tmp_path, "spots", "1", ITEMS, MARCH)
    (tmp_path / "train-00000.npz").unlink()
    with pytest.raises(BadFile, match=r"train-00000\.npz: it cannot be read"):
        list(shards.stream(tmp_path, "train"))
    assert shards.write(tmp_path, "spots", "1", ITEMS, MARCH).counts == {"train": 4, "test": 2}
    assert len(list(shards.stream(tmp_path, "train"))) == 4


def test_item_that_fails_is_a_problem_and_tried_again(tmp_path: Path) -> None:
    def nothing():
        raise NothingObserved("There was a cloud.")

    index = shards.write(tmp_path, "spots", "1", [Item("a", nothing), *ITEMS[1:]], MARCH)
    assert index.problems == {"a": "There was a cloud."}
    assert not index.complete
    assert index.counts == {"train": 2, "test": 2}
    index = shards.write(tmp_path, "spots", "1", ITEMS, MARCH)
    assert index.problems == {}
    assert index.counts == {"train": 4, "test": 2}


def test_region_in_two_splits_is_refused_across_items(tmp_path: Path) -> None:
    born, lives_on = (textured((8, 8), "spot", datetime(2014, m, 1, tzinfo=UTC)) for m in (2, 3))
    items = [Item("a", lambda: [born]), Item("b", lambda: [lives_on])]
    with pytest.raises(LeakError, match="spot is in train and in test"):
        shards.write(tmp_path, "spots", "1", items, MARCH)
    assert shards.read_index(tmp_path).counts == {"train": 1}


def test_leak_is_known_after_a_pause_too(tmp_path: Path) -> None:
    born, lives_on = (textured((8, 8), "spot", datetime(2014, m, 1, tzinfo=UTC)) for m in (2, 3))
    shards.write(tmp_path, "spots", "1", [Item("a", lambda: [born])], MARCH)
    with pytest.raises(LeakError):
        shards.write(tmp_path, "spots", "1", [Item("b", lambda: [lives_on])], MARCH)


def test_changed_bytes_are_refused(tmp_path: Path) -> None:
    shards.write(tmp_path, "spots", "1", ITEMS, MARCH)
    file = tmp_path / "test-00000.npz"
    content = bytearray(file.read_bytes())
    content[-200] ^= 1
    file.write_bytes(content)
    with pytest.raises(BadFile, match=r"test-00000\.npz: its bytes are not those"):
        list(shards.stream(tmp_path, "test"))


def test_two_data_sets_do_not_mix(tmp_path: Path) -> None:
    shards.write(tmp_path, "spots", "1", ITEMS, MARCH)
    for name, recipe in (("faculae", "1"), ("spots", "2")):
        with pytest.raises(BadRequest, match="holds spots as another recipe makes it"):
            shards.write(tmp_path, name, recipe, ITEMS, MARCH)
    (tmp_path / "index.json").unlink()
    with pytest.raises(BadRequest, match="holds something else"):
        shards.write(tmp_path, "spots", "1", ITEMS, MARCH)


def test_damaged_index_says_so(tmp_path: Path) -> None:
    with pytest.raises(BadFile, match="name the folder of a data set"):
        shards.read_index(tmp_path)
    for text in ("{", "[]", json.dumps({"name": "spots", "items": {"a": [{"file": 1}]}})):
        (tmp_path / "index.json").write_text(text)
        with pytest.raises(BadFile, match="no index of a data set"):
            shards.read_index(tmp_path)


def test_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(CannotWrite, match="file"):
        shards.write(tmp_path / "file" / "data", "spots", "1", ITEMS, MARCH)


def test_some_shards_are_a_function_of_seed_and_turn(tmp_path: Path) -> None:
    items = [item(str(n), 5) for n in range(8)]
    shards.write(tmp_path, "spots", "1", items, MARCH)

    def regions(seed: int, turn: int, count: int = 3) -> list[str]:
        drawn = shards.some(tmp_path, "train", count=count, seed=seed, turn=turn)
        return [scene.region for scene in drawn]

    assert regions(0, 0) == regions(0, 0)
    assert len({tuple(regions(seed, turn)) for seed in (0, 1) for turn in (0, 1)}) == 4
    assert len(set(regions(0, 0, count=99))) == 8
