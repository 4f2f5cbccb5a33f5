"""The product store: a complete set appears at once, or not at all.

Layout below ``<data>/products``::

    synchronic/2014/01/31/allsun_synchronic_20140131T0000Z_r00.nc   the files themselves
    corona/…  wsa/…  quicklook/…  corona_quicklook/…
    .sets/20140131T0000Z_r00/set.json         what belongs together
    .sets/20140131T0000Z_r00/synchronic.nc    -> ../../synchronic/2014/01/31/…
    latest       -> .sets/20140131T0000Z_r00
    latest.json  -> latest/set.json

A set is staged in a hidden directory, made durable, and committed by a single
rename to ``.sets/.pending``. Then its files are renamed to their dated places
(the links in the set already point there), the set takes its name, and
``latest`` is swapped by one more rename. A writer killed before the commit
leaves only staging, which the next writer drops; killed after it, it leaves
work that the next writer finishes. Files move rather than gain hard links, so
that a plain copy of the dated tree is the archive, and any file system with
rename and symbolic links will do.
"""

from __future__ import annotations

import fcntl
import json
import re
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pipeline.core import clock, stamp
from pipeline.publish import durable

SUFFIX = {
    "synchronic": ".nc",
    "state": ".nc",
    "corona": ".nc",
    "farside": ".nc",
    "wsa": ".fits",
    "quicklook": ".png",
    "corona_quicklook": ".png",
}
DROPPED = ".dropped-"
SET_NAME = re.compile(r"(\d{8}T\d{4}Z)_r(\d{2,})")

Writer = Callable[[Path], None]


@dataclass(frozen=True, slots=True)
class ProductSet:
    """The products of one valid time and revision.

    digest : of everything the products were made from
    created : UTC, when it was published
    files : path of each product by kind
    """

    valid_time: datetime
    revision: int
    digest: str
    created: datetime
    files: Mapping[str, Path]


class Store:
    """The products below one data directory.

    Reading takes no lock and creates nothing. Writers exclude each other.
    """

    def __init__(self, data: Path) -> None:
        self.root = data / "products"
        self._sets = self.root / ".sets"
        self._staging = self.root / ".staging"
        self._pending = self._sets / ".pending"

    def newest(self) -> ProductSet | None:
        """The set that ``latest`` names."""
        return self._read(self.root / "latest")

    def oldest(self) -> datetime | None:
        """The first valid time that there is."""
        names = self._names()
        return datetime.strptime(names[-1][0], "%Y%m%dT%H%M%z") if names else None

    def before(self, time: datetime) -> Iterator[ProductSet]:
        """The sets valid before *time*, newest first, each in its highest revision first."""
        return self._found(name for name in self._names() if name < (stamp(time), 0))

    def find(self, time: datetime, digest: str) -> ProductSet | None:
        """The set of valid time *time* that was made from *digest*."""
        same_time = self._found(n for n in self._names() if n[0] == stamp(time))
        return next((s for s in same_time if s.digest == digest), None)

    def put(self, time: datetime, digest: str, writers: Mapping[str, Writer]) -> ProductSet:
        """Publish one set; the same *time* and *digest* again change nothing.

        time : valid time, to the minute
        digest : of everything the products are made from
        writers : what writes the product of each kind to the path it is given

        Raises
        ------
        CannotWrite : the file system refuses; what readers see has not changed.
        """
        time = time.astimezone(UTC)
        with durable.refusals(self.root), self._writing():
            existing = self.find(time, digest)
            if existing:
                return existing
            revisions = (revision for valid, revision in self._names() if valid == stamp(time))
            published = self._stage(time, max(revisions, default=-1) + 1, digest, writers)
            self._staging.rename(self._pending)
            durable.sync_directory(self._sets)
            self._settle()
        return published

    def prune(self, before: datetime, superseded_before: datetime) -> int:
        """Delete old sets, and return how many.

        before : sets of earlier valid times go, except the newest of all
        superseded_before : of earlier valid times only the highest revision stays

        A set loses its name first, so that no reader is led to files that are going.

        Raises
        ------
        CannotWrite : the file system refuses.
        """
        with durable.refusals(self.root), self._writing():
            names = self._names()
            highest = dict(reversed(names))
            old = [
                (valid, revision)
                for valid, revision in names[1:]
                if valid < stamp(before)
                or (valid < stamp(superseded_before) and revision < highest[valid])
            ]
            for name in old:
                place = self._sets / _set_name(*name)
                place.rename(place.with_name(f"{DROPPED}{place.name}"))
            durable.sync_directory(self._sets)
            # Those too that a killed writer left without a name.
            for dropped in self._sets.glob(f"{DROPPED}*"):
                for link in dropped.iterdir():
                    if link.is_symlink():
                        link.resolve().unlink(missing_ok=True)
                shutil.rmtree(dropped)
        return len(old)

    def recover(self) -> None:
        """Finish or drop what a killed writer left behind.

        Raises
        ------
        CannotWrite : the file system refuses.
        """
        with durable.refusals(self.root), self._writing():
            pass

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """Exclude other writers, after cleaning up behind those that died."""
        self._sets.mkdir(parents=True, exist_ok=True)
        with (self.root / ".lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            self._drop_staging()
            self._settle()
            try:
                yield
            finally:
                self._drop_staging()

    def _drop_staging(self) -> None:
        if self._staging.exists():
            shutil.rmtree(self._staging)

    def _stage(
        self, time: datetime, revision: int, digest: str, writers: Mapping[str, Writer]
    ) -> ProductSet:
        """Write the whole set, durably, where no reader looks."""
        self._staging.mkdir()
        places = {}
        for kind, write in writers.items():
            name = f"allsun_{kind}_{_set_name(stamp(time), revision)}{SUFFIX[kind]}"
            write(self._staging / name)
            places[kind] = Path(kind, f"{time:%Y/%m/%d}", name)
            (self._staging / f"{kind}{SUFFIX[kind]}").symlink_to(Path("../..", places[kind]))
        manifest = {
            "valid_time": f"{time:%Y-%m-%dT%H:%M:%SZ}",
            "revision": revision,
            "digest": digest,
            "created": f"{clock.now().isoformat()}",
            "files": {kind: place.as_posix() for kind, place in places.items()},
        }
        durable.write(self._staging / "set.json", json.dumps(manifest, indent=1).encode())
        return self._described(manifest)

    def _settle(self) -> None:
        """Move the files of a committed set to their places and let ``latest`` follow."""
        if self._pending.exists():
            manifest = json.loads((self._pending / "set.json").read_text())
            product_set = self._described(manifest)
            for place in product_set.files.values():
                staged = self._pending / place.name
                if staged.exists():
                    place.parent.mkdir(parents=True, exist_ok=True)
                    staged.replace(place)
                for directory in place.parents[:5]:
                    durable.sync_directory(directory)
            name = _set_name(stamp(product_set.valid_time), product_set.revision)
            self._pending.rename(self._sets / name)
            durable.sync_directory(self._sets)
        self._point_latest()

    def _point_latest(self) -> None:
        newest = next(self._found(self._names()), None)
        if newest is None:
            return
        name = _set_name(stamp(newest.valid_time), newest.revision)
        latest = self.root / "latest"
        if not (latest.is_symlink() and latest.readlink().name == name):
            _point(self.root / "latest.json", Path("latest", "set.json"))
            _point(latest, Path(".sets", name))
            durable.sync_directory(self.root)

    def _names(self) -> list[tuple[str, int]]:
        """Stamp and revision of every set, newest first."""
        if not self._sets.is_dir():
            return []
        found = (SET_NAME.fullmatch(path.name) for path in self._sets.iterdir())
        return sorted(((m[1], int(m[2])) for m in found if m), reverse=True)

    def _found(self, names: Iterable[tuple[str, int]]) -> Iterator[ProductSet]:
        """The sets of these *names* whose files are all there."""
        sets = (self._read(self._sets / _set_name(*name)) for name in names)
        return (s for s in sets if s)

    def _read(self, directory: Path) -> ProductSet | None:
        """The set in *directory*, or None when it or one of its files is gone."""
        try:
            found = self._described(json.loads((directory / "set.json").read_text()))
        except (FileNotFoundError, NotADirectoryError):
            return None
        return found if all(path.is_file() for path in found.files.values()) else None

    def _described(self, manifest: Mapping[str, Any]) -> ProductSet:
        return ProductSet(
            valid_time=datetime.fromisoformat(manifest["valid_time"]),
            revision=manifest["revision"],
            digest=manifest["digest"],
            # Sets of before this was noted count as made at their own time.
            created=datetime.fromisoformat(manifest.get("created", manifest["valid_time"])),
            files={kind: self.root / place for kind, place in manifest["files"].items()},
        )


def beside(path: Path, kind: str) -> Path | None:
    """The product of another *kind* in the set of the product *path*, if it is still there.

    path : in its dated place, in a set, or copied to a folder that its companions share
    """
    own = path.resolve()
    found = SET_NAME.search(own.stem)
    if found is None:
        return None
    name = f"allsun_{kind}_{found[0]}{SUFFIX[kind]}"
    dated = Path(*own.parts[:-5], kind, *own.parts[-4:-1], name)
    return next((place for place in (dated, own.with_name(name)) if place.is_file()), None)


def _set_name(valid: str, revision: int) -> str:
    return f"{valid}_r{revision:02d}"


def _point(link: Path, target: Path) -> None:
    """Make *link* a symbolic link to *target* in one step."""
    part = link.with_name(f".{link.name}.part")
    part.unlink(missing_ok=True)
    part.symlink_to(target)
    part.replace(link)
