"""Every parser of outside data, as something that takes bytes.

It returns when the bytes were taken, raises one of the project's own errors when they were
refused, and anything else is a defect: of what was taken, too, it is checked that it makes sense.
"""

# ruff: noqa: S101  a failed check is a defect like any other

from __future__ import annotations

import dataclasses
import io
import math
import os
import re
import shutil
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import Message
from functools import cache
from pathlib import Path
from urllib.response import addinfourl

import numpy as np

from ops.fuzzing import mutations, samples
from pipeline import archives
from pipeline.archives import catalog, jsoc, listing, sources
from pipeline.core import InputFile, earth, parse_utc
from pipeline.enhance.card import CARD, read_card
from pipeline.instruments import read, read_realisations, read_regions, seismic_lists
from pipeline.settings import load, parse_duration

PLAIN = re.compile(r"[^/\\\s]+")
PATIENT = archives.Manners(interval=0.0, attempts=1, failures=10**12)
START, END = datetime(2026, 11, 19, tzinfo=UTC), datetime(2026, 11, 21, tzinfo=UTC)
GONG = "https://gong2.nso.edu/oQR/zqs/202609/mrzqs260901/"


@dataclass(frozen=True, slots=True)
class Parser:
    """Something that reads what others wrote.

    share : of every hundred inputs
    """

    name: str
    samples: list[bytes]
    mutations: tuple[mutations.Mutation, ...]
    parse: Callable[[bytes], None]
    share: float


@contextmanager
def parsers(folder: Path) -> Iterator[tuple[Parser, ...]]:
    """All of them, with their files in *folder*."""
    card, fits = folder / "name" / "1", samples.fits_files(folder)
    card.mkdir(parents=True)
    text, json = mutations.TEXT, mutations.JSON
    with answering() as answer, _ephemeris_once():
        yield (
            Parser("directory listings", samples.pages(), text, _listing, 55),
            Parser("HTTP headers", list(samples.HEADERS), text, _header, 6),
            Parser("DRMS records", samples.drms_answers(), json, records(answer), 5),
            Parser("DRMS keywords", samples.drms_keywords(), json, _keywords(answer, folder), 0.5),
            Parser("seismic lists", samples.lists(folder), text, _regions(folder), 12),
            Parser("cards", samples.cards(), json, _card(card), 8),
            Parser("settings", samples.settings_files(), text, _settings(folder), 3),
            Parser("environment", list(samples.ENVIRONMENT), text, _environment, 3),
            Parser("times, durations", list(samples.TIMES), text, _text, 4),
            Parser("FITS structure", fits, mutations.FITS, _whole(folder), 2.5),
            Parser("FITS pictures", fits, mutations.FITS, _picture(folder), 1),
        )


def _listing(data: bytes) -> None:
    page = data.decode("utf-8", errors="replace")
    found = listing.entries(page, GONG)
    for entry in found:
        assert PLAIN.fullmatch(entry.name), entry
        assert not entry.name.startswith("."), entry
        for tree in TREES:
            tree.time_of(entry.name, GONG)
    assert len({entry.name for entry in found}) == len(found)
    assert {"elsewhere", "repeated"}.issuperset(listing.oddities(page, GONG))


def _header(data: bytes) -> None:
    trouble = sources.refusal("http://host/file", 503, data.decode("latin-1"))
    assert trouble.wait is None or 0.0 <= trouble.wait <= sources.LONGEST_WAIT, trouble.wait


def records(answer: Canned) -> Callable[[bytes], None]:
    """Reads what DRMS says of the records of two days."""
    client = jsoc.Jsoc(sources.Web("http://drms.invalid", (PATIENT,), lambda: END))
    (series, _) = catalog.HMI.tiers[1]
    assert isinstance(series, catalog.DrmsSeries)

    def parse(data: bytes) -> None:
        answer.body = data
        remotes, _ = client.records(series, START, END)
        for remote in remotes:
            assert PLAIN.fullmatch(remote.name), remote
            assert remote.url.startswith(f"{catalog.JSOC}/"), remote
            assert ".." not in remote.url.split("/"), remote
            assert START <= remote.time <= END, remote

    return parse


def _keywords(answer: Canned, folder: Path) -> Callable[[bytes], None]:
    client = jsoc.Jsoc(sources.Web("http://drms.invalid", (PATIENT,), lambda: END))
    (series, _) = catalog.HMI.tiers[1]
    remote = catalog.Remote(series, f"{catalog.JSOC}/x", START, "x.fits", record="x[]")
    good = folder / "as-is.fits"
    good.write_bytes(samples.fits_files(folder)[0])

    def parse(data: bytes) -> None:
        answer.body = data
        path = folder / "record.fits"
        shutil.copy(good, path)
        client.add_keywords(remote, path)
        archives.local(path)

    return parse


def _regions(folder: Path) -> Callable[[bytes], None]:
    def parse(data: bytes) -> None:
        for region in read_regions(_written(folder / "regions.txt", data), samples.TIME).regions:
            assert 0.0 <= region.lon < 360.0, region
            assert -90.0 <= region.lat <= 90.0, region

    return parse


def _card(folder: Path) -> Callable[[bytes], None]:
    def parse(data: bytes) -> None:
        (folder / CARD).write_bytes(data)
        card = read_card(folder)
        assert all(PLAIN.fullmatch(name) for name in card.files), card.files

    return parse


def _settings(folder: Path) -> Callable[[bytes], None]:
    def parse(data: bytes) -> None:
        path = folder / "allsun.toml"
        path.write_bytes(data)
        settings = load(path)
        settings.digest()

    return parse


def _environment(data: bytes) -> None:
    name, _, text = data.decode("utf-8", errors="surrogateescape").replace("\0", "").partition("=")
    name = f"ALLSUN_{name.removeprefix('ALLSUN_')}"
    before = os.environ.get(name)
    os.environ[name] = text
    try:
        load().digest()
    finally:
        os.environ.pop(name)
        if before is not None:
            os.environ[name] = before


def _text(data: bytes) -> None:
    text = data.decode("utf-8", errors="replace")
    with suppress(ValueError):  # which settings ask of it
        parse_duration(text)
    parse_utc(text)


def _whole(folder: Path) -> Callable[[bytes], None]:
    def parse(data: bytes) -> None:
        path = folder / "frame.fits"
        path.write_bytes(data)
        archives.local(path)

    return parse


def _picture(folder: Path) -> Callable[[bytes], None]:
    def parse(data: bytes) -> None:
        file = _written(folder / "frame.magnetogram.fits", data)
        image = read(file)
        if image.observation.instrument == "adapt":
            assert read_realisations(file)
        assert image.mask.any()
        assert np.array_equal(np.isfinite(image.data), image.mask)
        numbers = _numbers(dataclasses.astuple(image.geometry))
        assert all(map(math.isfinite, numbers)), image.geometry

    return parse


def _written(path: Path, data: bytes) -> InputFile:
    path.write_bytes(data)
    return InputFile(path, "", "")


def _numbers(nested: object) -> Iterator[float]:
    if isinstance(nested, tuple):
        for each in nested:
            yield from _numbers(each)
    elif isinstance(nested, int | float):
        yield nested


class Canned(urllib.request.HTTPHandler):
    """Answers every HTTP request of urllib with the same body, and no socket."""

    body = b""

    def http_open(self, req: urllib.request.Request) -> addinfourl:
        answer = addinfourl(io.BytesIO(self.body), Message(), req.full_url, 200)
        answer.msg = "OK"
        return answer


@contextmanager
def answering() -> Iterator[Canned]:
    canned = Canned()
    urllib.request.install_opener(urllib.request.build_opener(canned))
    try:
        yield canned
    finally:
        urllib.request.install_opener(urllib.request.build_opener())


@contextmanager
def _ephemeris_once() -> Iterator[None]:
    """Where the Earth is at one and the same time costs more than reading a list."""
    seismic_lists.earth = cache(earth)
    try:
        yield
    finally:
        seismic_lists.earth = earth


TREES = tuple(
    archive
    for group in vars(catalog).values()
    if isinstance(group, catalog.Group)
    for tier in group.tiers
    for archive in tier
    if isinstance(archive, catalog.Tree)
)
