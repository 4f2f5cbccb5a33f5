"""A short soak: some hours of the clock, with troubles; `make soak` is the long one."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from pathlib import Path

import pytest

SOAK = Path(__file__).parents[2] / "ops" / "soak"
sys.path.append(str(SOAK))

from steady import FLAT, Sample, steady  # noqa: E402  a script's own module


def test_hours_with_troubles_leave_every_hour_accounted_for(tmp_path: Path) -> None:
    ran = subprocess.run(
        [sys.executable, SOAK, "--hours", "8", "--pace", "5", "--folder", tmp_path / "soak"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.stdout, ran.stderr
    report = json.loads(ran.stdout)
    assert report["good"], ran.stdout
    assert report["hours_due"]["valid"] > 0
    assert report["latest"]["sets"] > 1
    assert report["troubles"]
    assert report["resources"]["judged"]


def life(start: float, rss: list[float], fds: float = 20.0) -> list[Sample]:
    """A daemon scraped once a second, which makes a cycle in four; *rss* in MiB."""
    return [
        Sample(start, start + second, mib * 2**20, fds, second // 4)
        for second, mib in enumerate(rss)
    ]


class TestMemory:
    def test_of_a_life_that_warms_up_and_stays_is_steady(self) -> None:
        rss = [min(200.0 + 40 * second, 400.0) for second in range(40)]
        good, found = steady(life(0.0, rss))
        assert good
        judged = found["judged"]
        assert [one["seconds"] for one in judged] == [31]
        assert [one["rss_mib"] for one in judged] == [[400, 400]]

    def test_that_leaks_in_any_life_is_not(self) -> None:
        still, leaking = [400.0] * 60, [400.0 + 2 * second for second in range(60)]
        assert steady(life(0.0, still) + life(100.0, still))[0]
        assert not steady(life(0.0, leaking) + life(100.0, still))[0]
        assert not steady(life(0.0, still) + life(100.0, leaking))[0]

    @pytest.mark.parametrize("leak", [0.0, 1.0])  # MiB a map, within the bound of any short spell
    def test_that_leaks_a_little_with_every_map_shows_in_a_long_life(self, leak: float) -> None:
        chance = random.Random(0)

        def height(second: int) -> float:
            at_work = second % 4 != 0  # every fourth scrape sees it rest
            return at_work * chance.uniform(30.0, 60.0) + chance.uniform(0.0, 8.0)

        rss = [550.0 + leak * (second // 4) + height(second) for second in range(400)]
        good, found = steady(life(0.0, rss))
        assert good == (leak == 0.0)
        (judged,) = found["judged"]
        assert judged["mib_per_map"] == pytest.approx(leak, abs=0.1)
        first, second = judged["rss_mib"]
        assert second <= FLAT * first  # which is why halves do not suffice
        assert steady(life(0.0, rss[:60]))[0]

    def test_that_steps_up_once_shows_in_a_long_life(self) -> None:
        rss = [550.0 + (40.0 if second > 250 else 0.0) for second in range(400)]
        assert not steady(life(0.0, rss))[0]

    def test_is_not_the_only_thing_that_leaks(self) -> None:
        samples = life(0.0, [400.0] * 60)
        assert not steady([one._replace(fds=one.time) for one in samples])[0]

    def test_that_nobody_could_judge_is_not_called_steady(self) -> None:
        assert not steady(life(0.0, [400.0] * 16))[0]
