"""Maps of a past period, and what is found when it is asked for again."""

from __future__ import annotations

import json
from pathlib import Path

from command import SMALL, allsun, complaint
from small_archive import SmallArchive

PERIOD = ("2014-05-20T12:00Z", "2014-05-20T13:00Z", "--every", "1h")


def test_a_period_is_mapped_once_and_found_again(
    small_archive: SmallArchive, tmp_path: Path
) -> None:
    where = ("--archive", small_archive.root, "--data", tmp_path / "data", "--json")
    made = [json.loads(allsun("backfill", *PERIOD, *where, **SMALL).stdout) for _ in range(2)]
    assert [(m["published"], m["there_already"], m["failed"]) for m in made] == [
        (2, 0, []),
        (0, 2, []),
    ]
    sets = sorted(p.name for p in (tmp_path / "data/products/.sets").iterdir())
    assert sets == ["20140520T1200Z_r00", "20140520T1300Z_r00"]


def test_times_without_anything_observed_are_named_and_the_exit_status_tells(
    small_archive: SmallArchive, tmp_path: Path
) -> None:
    where = ("--archive", small_archive.root, "--data", tmp_path / "data", "--json")
    result = allsun("backfill", "2010-01-01T00:00Z", "2010-01-01T01:00Z", *where, **SMALL)
    assert result.exit_code == 1
    [failure] = json.loads(result.stdout)["failed"]
    assert failure.startswith("2010-01-01T00:00Z: There is neither an observation up to")


def test_a_period_that_ends_before_it_begins_is_refused(tmp_path: Path) -> None:
    result = allsun("backfill", "2014-05-21", "2014-05-20", "--data", tmp_path / "data")
    assert (
        complaint(result) == "2014-05-21 to 2014-05-20 is no period; give the earlier time first."
    )
