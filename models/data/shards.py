"""A data set on disk: numbered files of scenes, and an index that vouches for them.

``DIR/index.json`` names the recipe, every shard with its hash, and what is done; it is
replaced in one step after each item, so that a build that was stopped goes on where it
was. A shard, ``<split>-00000.npz``, holds the scenes of one item of the recipe.
Refuses to know: how scenes are made.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field, fields
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from models.data.scene import Scene
from models.data.split import HeldOut, LeakError, split
from pipeline.core import AllsunError, BadFile, BadRequest, CannotWrite

INDEX = "index.json"
PLANE = "plane "  # before the names of a scene's further planes
REBUILD = "build the data set again in a new folder"


@dataclass(frozen=True, slots=True)
class Item:
    """A unit of work: what cannot be done by halves.

    key : names it, in this and every later run of the recipe
    scenes : makes them; an AllsunError loses this item alone
    """

    key: str
    scenes: Callable[[], Sequence[Scene]]


Track = Callable[[Iterable[Item], int], Iterable[Item]]


@dataclass(frozen=True, slots=True)
class Shard:
    """A file of scenes: which split it is in, the SHA-256 of its bytes, and what it shows."""

    file: str
    split: str
    sha256: str
    scenes: int
    regions: tuple[str, ...]


@dataclass(slots=True)
class Index:
    """What a folder holds.

    recipe : digest of all that decides the scenes
    items : keys that are done, each with its shards
    problems : keys that failed, each with the reason; tried again by the next run
    """

    name: str
    recipe: str
    items: dict[str, list[Shard]] = field(default_factory=dict)
    problems: dict[str, str] = field(default_factory=dict)
    complete: bool = False

    @property
    def shards(self) -> list[Shard]:
        """All of them, in the order in which they were made."""
        return [shard for shards in self.items.values() for shard in shards]

    @property
    def counts(self) -> dict[str, int]:
        """Scenes by split."""
        counts: dict[str, int] = {}
        for shard in self.shards:
            counts[shard.split] = counts.get(shard.split, 0) + shard.scenes
        return counts


def write(
    folder: Path,
    name: str,
    recipe: str,
    items: Sequence[Item],
    held_out: HeldOut,
    track: Track = lambda items, _: items,
) -> Index:
    """Make what is not yet made of *items* in *folder*, each scene in its split.

    Raises
    ------
    LeakError : a region would be in two splits.
    BadRequest : the folder holds another data set or something else.
    CannotWrite : the file system refuses; what was written is whole.
    """
    index = _begun(folder, name, recipe)
    homes = {region: shard.split for shard in index.shards for region in shard.regions}
    for item in track([item for item in items if item.key not in index.items], len(items)):
        try:
            parts = split(item.scenes(), held_out)
        except LeakError:
            raise
        except AllsunError as problem:
            index.problems[item.key] = str(problem)
        else:
            index.items[item.key] = [
                _shard(folder, index, part, scenes, homes)
                for part, scenes in parts.items()
                if scenes
            ]
            index.problems.pop(item.key, None)
        _save(folder, index)
    index.complete = not index.problems
    _save(folder, index)
    return index


def read_index(folder: Path) -> Index:
    """The index of a data set.

    Raises
    ------
    BadFile : there is none, or it cannot be read.
    """
    path = folder / INDEX
    try:
        values = json.loads(path.read_text("utf-8"))
        items = {
            key: [Shard(**shard | {"regions": tuple(shard["regions"])}) for shard in shards]
            for key, shards in values.pop("items").items()
        }
        return Index(**values, items=items)
    except OSError as error:
        raise BadFile(
            path, f"it cannot be read ({error.strerror})", "name the folder of a data set"
        ) from None
    except (ValueError, TypeError, KeyError, AttributeError):
        raise BadFile(path, "it is no index of a data set", REBUILD) from None


def stream(folder: Path, part: str) -> Iterator[Scene]:
    """The scenes of a split, shard by shard.

    Raises
    ------
    BadFile : the index or a shard is missing or not what was written.
    """
    for shard in read_index(folder).shards:
        if shard.split == part:
            yield from _scenes(folder, shard)


def some(folder: Path, part: str, *, count: int, seed: int, turn: int) -> list[Scene]:
    """The scenes of *count* shards of a split, others at every *turn* of a long training.

    A function of seed and turn alone, as the batches drawn from them are of seed and step.

    Raises
    ------
    BadFile : the index or a shard is missing or not what was written.
    """
    shards = [shard for shard in read_index(folder).shards if shard.split == part]
    order = np.random.default_rng([seed, turn]).permutation(len(shards))
    return [scene for n in order[:count] for scene in _scenes(folder, shards[n])]


def _begun(folder: Path, name: str, recipe: str) -> Index:
    """The index that *folder* holds, or a new one for an empty folder."""
    if not (folder / INDEX).exists():
        if folder.exists() and (not folder.is_dir() or any(folder.glob("*.npz"))):
            raise BadRequest(f"{folder} holds something else; name a new folder.")
        return Index(name, recipe)
    index = read_index(folder)
    if (index.name, index.recipe) != (name, recipe):
        raise BadRequest(
            f"{folder} holds {index.name} as another recipe makes it; name a new folder."
        )
    index.items = {
        key: shards
        for key, shards in index.items.items()
        if all((folder / shard.file).exists() for shard in shards)
    }
    return index


def _shard(
    folder: Path, index: Index, part: str, scenes: Sequence[Scene], homes: dict[str, str]
) -> Shard:
    for scene in scenes:
        if homes.setdefault(scene.region, part) != part:
            raise LeakError(
                f"{scene.region} is in {homes[scene.region]} and in {part}; "
                "hold out all months that see it, or the region by name."
            )
    packed = io.BytesIO()
    arrays = {
        f"{n:03d}.{name}": value for n, s in enumerate(scenes) for name, value in _arrays(s).items()
    }
    np.savez(packed, allow_pickle=False, **arrays)
    content = packed.getvalue()
    numbers = (int(shard.file[-9:-4]) for shard in index.shards if shard.split == part)
    file = f"{part}-{max(numbers, default=-1) + 1:05d}.npz"
    _replace(folder / file, content)
    regions = tuple(sorted({scene.region for scene in scenes}))
    return Shard(file, part, hashlib.sha256(content).hexdigest(), len(scenes), regions)


def _arrays(scene: Scene) -> dict[str, Any]:
    values = {part.name: getattr(scene, part.name) for part in fields(scene)}
    values["time"] = scene.time.isoformat()
    values |= {f"{PLANE}{name}": plane for name, plane in values.pop("planes").items()}
    return {name: value for name, value in values.items() if value is not None}


def _scenes(folder: Path, shard: Shard) -> Iterator[Scene]:
    path = folder / shard.file
    try:
        content = path.read_bytes()
    except OSError as error:
        raise BadFile(path, f"it cannot be read ({error.strerror})", REBUILD) from None
    if hashlib.sha256(content).hexdigest() != shard.sha256:
        raise BadFile(path, "its bytes are not those that were written", REBUILD)
    with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
        numbers = sorted({name.partition(".")[0] for name in arrays})
        for number in numbers:
            names = [name for name in arrays if name.startswith(f"{number}.")]
            values = {name.partition(".")[2]: arrays[name] for name in names}
            yield Scene(
                field=values["field"],
                radius=values["radius"],
                pixel=float(values["pixel"]),
                region=str(values["region"]),
                time=datetime.fromisoformat(str(values["time"])),
                observed=values.get("observed"),
                limit=float(values["limit"]),
                planes={
                    name.removeprefix(PLANE): values[name]
                    for name in values
                    if name.startswith(PLANE)
                },
            )


def _save(folder: Path, index: Index) -> None:
    _replace(folder / INDEX, json.dumps(asdict(index), indent=1).encode())


def _replace(path: Path, content: bytes) -> None:
    """Put *content* at *path*: readers see what was there or the whole of it."""
    part = path.with_name(f".{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with part.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError as error:
        raise CannotWrite(
            f"{path}: {error.strerror or error}; free some space there or name another folder."
        ) from error
    finally:
        with suppress(OSError):  # there is none if all went well, or no folder for it
            part.unlink()
