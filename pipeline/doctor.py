"""Looking at all that a cycle needs, before an operator misses it.

Knows: what is needed, and what to do where it is missing. Refuses to know: the cycle.
"""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from importlib import metadata
from pathlib import Path
from tempfile import TemporaryDirectory

from pipeline import archives
from pipeline.acts import networks
from pipeline.archives import Fetcher, Group, Ledger
from pipeline.core import AllsunError, clock
from pipeline.publish import Store
from pipeline.settings import SYSTEM_FILE, Settings

GIB = 1 << 30
LITTLE = 10 * GIB  # a day of fetched frames and sets takes about a half
NEEDED = {"hmi": archives.HMI, "gong": archives.GONG_FULL_DISK}
LOOK_BACK = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found of one thing, with the remedy if it is not good."""

    check: str
    good: bool
    found: str


def examine(settings: Settings) -> Iterator[Finding]:
    """Every finding, as it is made; asking the archives may take a minute."""
    checks: list[tuple[str, Callable[[Settings], str]]] = [
        ("python", _python),
        ("packages", _packages),
        ("settings", _settings),
        ("data directory", _data),
        ("disk", _disk),
        ("ledger", _ledger),
        ("products", _products),
    ]
    checks += [(f"archive {name}", _asking(group)) for name, group in NEEDED.items()]
    checks += [(f"network {name}", _opening(name)) for name in settings.enhance.networks]
    for name, check in checks:
        try:
            yield Finding(name, True, check(settings))
        except AllsunError as problem:
            yield Finding(name, False, str(problem))


class Ill(AllsunError):
    """What is wrong and what to do, in a sentence."""


def _python(settings: Settings) -> str:
    version = ".".join(str(part) for part in sys.version_info[:3])
    return f"{version} at {sys.executable}"


def _packages(settings: Settings) -> str:
    """Whether every distribution that ours asks for is there."""
    asked = metadata.requires("allsun") or []
    names = [re.split(r"[^\w.-]", line)[0] for line in asked if "extra ==" not in line]
    absent = []
    for name in names:
        try:
            metadata.version(name)
        except metadata.PackageNotFoundError:
            absent.append(name)
    if absent:
        raise Ill(f"Missing: {', '.join(absent)}; pip install --constraint constraints.txt allsun.")
    return f"{len(names)} there"


def _settings(settings: Settings) -> str:
    """They were read, or there would be no question."""
    file = f"{SYSTEM_FILE} and " if SYSTEM_FILE.exists() else ""
    if settings.retention.cache < settings.cycle.history:
        raise Ill(
            "retention.cache is shorter than cycle.history, so observations would be fetched "
            "twice; make it longer."
        )
    return f"valid; from defaults, {file}the environment and options"


def _data(settings: Settings) -> str:
    folder = settings.data.absolute()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=folder, prefix=".doctor-"):
            pass
    except OSError as error:
        raise Ill(
            f"{folder} cannot be written ({error.strerror}); make it writable for this user, or "
            "give --data."
        ) from error
    return f"{folder} is writable"


def _disk(settings: Settings) -> str:
    there = _existing(settings.data.absolute())
    usage = shutil.disk_usage(there)
    if usage.free < LITTLE:
        raise Ill(
            f"{usage.free / GIB:.1f} GiB are left at {there}; free {LITTLE // GIB} GiB, or "
            "shorten retention.cache and retention.products."
        )
    return f"{usage.free / GIB:.0f} of {usage.total / GIB:.0f} GiB are free"


def _ledger(settings: Settings) -> str:
    with closing(Ledger(settings.ledger_url)) as ledger:
        if ledger.notice:
            raise Ill(ledger.notice)
        failures = len(ledger.failures())
    return f"whole; {failures} files that did not come whole are asked for again"


def _products(settings: Settings) -> str:
    newest = Store(settings.data).newest()
    if newest is None:
        return "none yet; the first cycle starts cold, or `allsun once --spinup 28d` fills the Sun"
    hours = (clock.now() - newest.valid_time).total_seconds() / 3600
    return f"newest is of {newest.valid_time:%F %RZ}, {hours:.1f} h old"


def _asking(group: Group) -> Callable[[Settings], str]:
    def check(settings: Settings) -> str:
        with (
            TemporaryDirectory(prefix="allsun-doctor-") as cache,
            closing(Ledger(f"sqlite:///{cache}/ledger.sqlite")) as ledger,
            Fetcher(Path(cache), ledger, settings.archives.mirror) as fetcher,
        ):
            found = fetcher.newest(group, clock.now(), LOOK_BACK)
        if not found.files:
            problems = " ".join(found.problems[-2:])
            raise Ill(f"{problems} Check the way to the network, proxies, and archives.mirror.")
        return f"newest file is of {found.files[0].time:%F %RZ}"

    return check


def _opening(name: str) -> Callable[[Settings], str]:
    def check(settings: Settings) -> str:
        engine = networks.engine(name, settings)
        notes = f"; {' '.join(engine.notes)}" if engine.notes else ""
        return f"verified on {engine.provider}{notes}"

    return check


def _existing(path: Path) -> Path:
    """The nearest folder that there is."""
    return next(p for p in (path, *path.parents) if p.exists())
