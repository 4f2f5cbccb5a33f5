"""JSOC's record database, answered from a folder of HMI files.

The forms are those of ``show_series``, ``jsoc_info`` and ``jsoc_fetch`` (see
``archives.md``): all values are text, QUALITY is hexadecimal, and the segment
files carry no keywords but the structural ones.
"""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from astropy.io import fits

NAME = re.compile(r"(?P<series>hmi\.M_(?:720s(?:_nrt)?|45s))\.(?P<time>\d{8}_\d{6})_TAI\.fits")
RECORD_SET = re.compile(
    r"(?P<series>[\w.]+)"
    r"\[(?P<start>[\d._:]+)_TAI(?:-(?P<end>[\d._:]+)_TAI(?:@(?P<step>\d+)(?P<unit>[ms]))?)?\]"
    r"(?:\[\? quality >= 0 \?\])?"
)
T_REC = "%Y.%m.%d_%H:%M:%S"
STRUCTURE = re.compile(
    r"SIMPLE|XTENSION|BITPIX|NAXIS\d*|PCOUNT|GCOUNT|TFIELDS|T(TYPE|FORM)\d+|EXTNAME"
    r"|Z\w+|BSCALE|BZERO|BLANK|EXTEND"
)
DRMS_NAMES = {"DATE-OBS": "DATE__OBS", "TRECEPOC": "T_REC_epoch", "TRECSTEP": "T_REC_step"}


@dataclass(frozen=True, slots=True)
class Record:
    """One magnetogram: series, TAI slot and the file that holds it."""

    series: str
    time: datetime
    file: Path

    @property
    def segment(self) -> str:
        """Where storage keeps its as-is file."""
        unit = 1 if self.series.endswith("_nrt") else 2
        return f"/SUM{unit}/D{self.time:%Y%m%d%H%M%S}/S00000/magnetogram.fits"


class Records:
    """The records of the HMI files below *folder*, the data tree of jsoc.stanford.edu."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def answer(self, program: str, query: Mapping[str, str]) -> dict[str, object]:
        """What *program* (show_series, jsoc_info or jsoc_fetch) answers to *query*, for JSON."""
        if program == "show_series":
            names = sorted({record.series for record in self._all()})
            series = [{"name": n, "primekeys": "T_REC, CAMERA", "note": "HMI"} for n in names]
            return {"status": 0, "names": series, "n": len(series)}
        if program == "jsoc_info" and query.get("op") == "series_struct":
            return self._structure(query["ds"])
        if program == "jsoc_info" and query.get("op") in ("rs_list", "rs_summary"):
            return self._list(query)
        return {"status": 4, "error": "Export needs a registered address."}

    def as_is(self, path: str) -> bytes | None:
        """The as-is file at storage *path*, if a record keeps one there."""
        record = next((r for r in self._all() if r.segment == path), None)
        return None if record is None else _without_keywords(record.file)

    def _all(self) -> list[Record]:
        """Read anew at every request: files may come and go."""
        records = []
        for file in sorted(self._folder.glob("*/*/*/*.fits")):
            if match := NAME.fullmatch(file.name):
                time = datetime.strptime(match["time"], "%Y%m%d_%H%M%S")
                records.append(Record(match["series"], time, file))
        return sorted(records, key=lambda record: record.time)

    def _structure(self, series: str) -> dict[str, object]:
        first = next((r for r in self._all() if r.series.lower() == series.lower()), None)
        if first is None:
            return {"status": 1, "error": " jsoc_info: series not found."}
        keywords = [
            {"name": name, "type": "int" if _is_hex(text) else kind, "recscope": "variable"}
            for name, (text, kind) in _keywords(first.file).items()
        ]
        segment = {"name": "magnetogram", "type": "int", "protocol": "fits"}
        return {
            "status": 0,
            "note": "HMI magnetograms",
            "primekeys": ["T_REC", "CAMERA"],
            "keywords": keywords,
            "segments": [segment],
            "links": [],
        }

    def _list(self, query: Mapping[str, str]) -> dict[str, object]:
        match = RECORD_SET.fullmatch(query["ds"])
        if match is None:
            return {"status": 1, "error": " jsoc_info: record set not understood."}
        start = datetime.strptime(match["start"], T_REC)
        end = datetime.strptime(match["end"], T_REC) if match["end"] else start
        number = int(match["step"] or 12)
        step = timedelta(seconds=number) if match["unit"] == "s" else timedelta(minutes=number)
        records = [
            record
            for record in self._all()
            if record.series == match["series"]
            and start <= record.time <= end
            and (record.time - start) % step == timedelta()
        ]
        if not records or query["op"] == "rs_summary":
            return {"count": len(records), "runtime": 0.012, "status": 0}
        tables = [_keywords(record.file) for record in records]
        wanted = query.get("key", "").split(",")
        names = list(tables[0]) if wanted == ["**ALL**"] else [name for name in wanted if name]
        absent = ("Invalid KeyLink", "string")
        keywords = [
            {"name": name, "values": [table.get(name, absent)[0] for table in tables]}
            for name in names
        ]
        segments = [
            {
                "name": name,
                "values": [
                    record.segment if name == "magnetogram" else "InvalidSegName"
                    for record in records
                ],
            }
            for name in query.get("seg", "").split(",")
            if name
        ]
        return {
            "keywords": keywords,
            "segments": segments,
            "links": [],
            "count": len(records),
            "runtime": 0.029,
            "status": 0,
        }


def _keywords(file: Path) -> dict[str, tuple[str, str]]:
    """DRMS keyword -> value as DRMS prints it, and its DRMS type."""
    keywords: dict[str, tuple[str, str]] = {}
    header = fits.getheader(file, 1)
    for keyword, value in header.items():
        if STRUCTURE.fullmatch(keyword) or keyword in ("COMMENT", "HISTORY", ""):
            continue
        name = DRMS_NAMES.get(keyword, keyword)
        if keyword == "QUALITY":
            keywords[name] = f"0x{value & 0xFFFFFFFF:08X}", "int"
        else:
            kind = "int" if isinstance(value, int) else "double"
            kind = "string" if isinstance(value, str) else kind
            keywords[name] = str(value), kind
    return keywords


def _is_hex(text: str) -> bool:
    return text.startswith("0x")


def _without_keywords(file: Path) -> bytes:
    with fits.open(file, disable_image_compression=True) as hdus:
        header = hdus[1].header
        for keyword in list(header):
            if not STRUCTURE.fullmatch(keyword):
                header.remove(keyword, ignore_missing=True, remove_all=True)
        content = io.BytesIO()
        hdus.writeto(content)
        return content.getvalue()
