"""Training, validation and test, with nothing of one in another.

Knows: which months and which regions are held out, and that neighbours in time or
place would let a network recognise what it is tested on.
Refuses to know: what is in the scenes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from models.data.scene import Scene
from pipeline.core import AllsunError

SPLITS = ("train", "validation", "test")


class LeakError(AllsunError):
    """The same piece of the Sun, or the same month, would be in two splits."""


@dataclass(frozen=True, slots=True)
class HeldOut:
    """What training never sees, by name.

    Whole months ("2014-03"), a month of every year ("--03", as ISO 8601 wrote it) and
    regions ("sharp-377").
    """

    validation: frozenset[str]
    test: frozenset[str]


# The patches of ../shared/archive, fixed once. Regions 13777 (test) and 13845 (training)
# share September 2025 but lie 122 degrees of longitude apart.
SHARPS = HeldOut(
    validation=frozenset({"sharp-13866"}), test=frozenset({"sharp-377", "sharp-13777"})
)
# Its frames of HMI, January to April 2014.
DISKS = HeldOut(validation=frozenset({"2014-03"}), test=frozenset({"2014-04"}))
# Any other period: half a year lies between the months of either.
SEASONS = HeldOut(validation=frozenset({"--06", "--12"}), test=frozenset({"--03", "--09"}))
# With a rotation around either left out, half of every year still is for training.
MONTHS = HeldOut(validation=frozenset({"--05"}), test=frozenset({"--11"}))
# Suns of models.data.farside.
SUNS = HeldOut(
    validation=frozenset(f"sun-{n}" for n in range(20, 30)),
    test=frozenset(f"sun-{n}" for n in (31, 32, 33, 41, 42, 51, 52, 61, 62)),
)


def month(scene: Scene) -> str:
    """The scene's month, e.g. "2014-03"."""
    return f"{scene.time:%Y-%m}"


def split(scenes: Iterable[Scene], held_out: HeldOut) -> Mapping[str, list[Scene]]:
    """The *scenes* by split: held out if their region or their month is, else for training.

    Raises
    ------
    LeakError : a region or a held-out month would be in two splits.
    """
    parts: dict[str, list[Scene]] = {name: [] for name in SPLITS}
    named = {name: getattr(held_out, name) for name in ("validation", "test")}
    homes: dict[str, str] = {}
    for scene in scenes:
        is_called = {scene.region, month(scene), f"--{scene.time:%m}"}
        claims = {name for name, names in named.items() if names & is_called}
        if len(claims) > 1:
            raise LeakError(
                f"{scene.region} of {month(scene)} is claimed by validation and by test; "
                "hold out its region and its month in the same split."
            )
        home = claims.pop() if claims else "train"
        if homes.setdefault(scene.region, home) != home:
            raise LeakError(
                f"{scene.region} is in {homes[scene.region]} and in {home}; "
                "hold out all months that see it, or the region by name."
            )
        parts[home].append(scene)
    return parts
