"""Nothing of one split is in another."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from scenes import textured

from models.data import DISKS, SHARPS, HeldOut, LeakError, split


def scene(region: str, month: int) -> object:
    return textured((8, 8), region, datetime(2014, month, 15, tzinfo=UTC))


def test_months_and_regions_are_held_out() -> None:
    rule = HeldOut(frozenset({"2014-03"}), frozenset({"2014-04", "spot"}))
    scenes = [scene("a", 1), scene("b", 3), scene("c", 4), scene("spot", 2)]
    parts = split(scenes, rule)
    regions = {name: [s.region for s in part] for name, part in parts.items()}
    assert regions == {"train": ["a"], "validation": ["b"], "test": ["c", "spot"]}


def test_region_that_lives_into_a_held_out_month_is_a_leak() -> None:
    with pytest.raises(LeakError, match=r"^old is in train and in validation; hold out"):
        split([scene("old", 2), scene("old", 3)], DISKS)


def test_region_held_out_elsewhere_than_its_month_is_a_leak() -> None:
    rule = HeldOut(frozenset({"2014-03"}), frozenset({"spot"}))
    with pytest.raises(LeakError, match="spot of 2014-03 is claimed by validation and by test"):
        split([scene("spot", 3)], rule)


def test_held_out_month_with_no_leak_is_whole() -> None:
    parts = split([scene("a", 3), scene("b", 3)], DISKS)
    assert [len(parts[name]) for name in ("train", "validation", "test")] == [0, 2, 0]


def test_held_out_patches_are_the_three_agreed_on() -> None:
    assert SHARPS.test == {"sharp-377", "sharp-13777"}
    assert SHARPS.validation == {"sharp-13866"}
