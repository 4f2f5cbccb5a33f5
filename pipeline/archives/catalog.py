"""Every archive as data: where it keeps its files, what they are called, how it wants to be asked.

URLs, names and latencies are those of ``archives.md`` (gathered from the clients
of these archives). To add an archive, write a :class:`Tree` and put it in a group.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from math import ceil

from pipeline.archives.verify import Kind
from pipeline.core import from_gps, from_tai

JSOC = "http://jsoc.stanford.edu"
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
CLOCKS_AHEAD = timedelta(minutes=1)  # TAI and GPS names lead UTC by less than this


def from_utc(time: datetime) -> datetime:
    """UTC of a naive *time* read from a UTC clock."""
    return time.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Tree:
    """Files in dated directories of a web server.

    name : what reports call it
    directory : URL as a ``strftime`` pattern of the file's own clock, ending in a slash
    pattern : of a whole file name, with a group ``time``
    time_format : ``strptime`` format of that group
    kind : how the files are laid out
    cadence : usual step between files
    latency : usual delay between a file's time and its appearance
    clock : turns the naive time in a name into UTC
    settle : a file changed more recently than this may still be being written
    """

    name: str
    directory: str
    pattern: re.Pattern[str] = field(repr=False)
    time_format: str
    kind: Kind
    cadence: timedelta
    latency: timedelta
    clock: Callable[[datetime], datetime] = from_utc
    settle: timedelta = timedelta(minutes=3)

    def directories(self, start: datetime, end: datetime) -> Iterator[str]:
        """URLs of the directories that may hold files of [start, end] (UTC), newest first."""
        last = end + CLOCKS_AHEAD
        hours = range(ceil((last - start) / HOUR))
        times = [*(last - n * HOUR for n in hours), start]
        yield from dict.fromkeys(time.strftime(self.directory) for time in times)

    def time_of(self, name: str, directory: str) -> datetime | None:
        """UTC that *name* stands for, or None if no such file belongs in *directory*."""
        match = self.pattern.fullmatch(name)
        if match is None:
            return None
        try:
            time = datetime.strptime(match["time"], self.time_format)  # naive: see clock
        except ValueError:
            return None
        return self.clock(time) if time.strftime(self.directory) == directory else None


@dataclass(frozen=True, slots=True)
class DrmsSeries:
    """Records of a series in JSOC's database, of which one per *cadence* is asked for.

    name : what reports call it
    series, segment : the names JSOC knows
    """

    name: str
    series: str
    segment: str
    cadence: timedelta
    latency: timedelta
    kind: Kind = Kind.FITS
    settle: timedelta = timedelta(minutes=3)


Archive = Tree | DrmsSeries


@dataclass(frozen=True, slots=True)
class Remote:
    """A file that an archive offers.

    time : UTC that it stands for
    name : under which it is kept here
    changed : what the directory page says of it
    record : DRMS record, for files of a :class:`DrmsSeries`
    """

    archive: Archive
    url: str
    time: datetime
    name: str
    changed: str = ""
    record: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """Archives of one kind of observation, in tiers.

    The archives of a tier are asked together, and of two files for the same time
    the one from the archive named first is taken. A further tier is asked when the
    tiers before it failed or had nothing.
    """

    name: str
    tiers: tuple[tuple[Archive, ...], ...]


@dataclass(frozen=True, slots=True)
class Manners:
    """How a host wants to be asked.

    host : a domain, with all below it; empty for every other host
    interval : seconds from one request to the next
    attempts : for one file, within one poll
    first_wait, longest_wait : s; back-off before the second attempt, and its limit
    patience : s without a byte before an attempt is given up
    deadline : s for one transfer, and for all attempts at it
    failures : in a row, after which the host is left alone for *pause* seconds
    """

    host: str = ""
    interval: float = 0.2
    attempts: int = 4
    first_wait: float = 1.0
    longest_wait: float = 60.0
    patience: float = 30.0
    deadline: float = 600.0
    failures: int = 6
    pause: float = 900.0


MANNERS = (
    # One server behind several names; it bans clients that hurry for hours.
    Manners("nso.edu", interval=1.0, attempts=3, first_wait=5.0, failures=4, pause=3600.0),
    Manners(),
)
# A mirror is its operator's own, and need not be spared.
MIRROR_MANNERS = (Manners(interval=0.0),)


def hmi(suffix: str, latency: timedelta) -> Tree:
    """SDO/HMI line-of-sight magnetograms (720 s) on the hour; *suffix* ``_nrt`` or none."""
    return Tree(
        name=f"hmi.M_720s{suffix} (tree)",
        directory=f"{JSOC}/data/hmi/fits/%Y/%m/%d/",
        pattern=re.compile(rf"hmi\.M_720s{suffix}\.(?P<time>\d{{8}}_\d{{6}})_TAI\.fits"),
        time_format="%Y%m%d_%H%M%S",
        kind=Kind.FITS,
        cadence=HOUR,
        latency=latency,
        clock=from_tai,
    )


def hmi_records(suffix: str, latency: timedelta) -> DrmsSeries:
    """The same magnetograms through DRMS."""
    return DrmsSeries(
        name=f"hmi.M_720s{suffix} (DRMS)",
        series=f"hmi.M_720s{suffix}",
        segment="magnetogram",
        cadence=HOUR,
        latency=latency,
    )


def gong_full_disk(product: str, path: str, site: str) -> Tree:
    """GONG ten-minute full-disk magnetograms: *product* bqa or zqa of one *site*."""
    return Tree(
        name=f"gong {site}{product}",
        directory=f"https://gong2.nso.edu/{path}/{product}/%Y%m/{site}{product}%y%m%d/",
        pattern=re.compile(rf"{site}{product}(?P<time>\d{{6}}t\d{{4}})\.fits\.gz"),
        time_format="%y%m%dt%H%M",
        kind=Kind.FITS_GZ,
        cadence=timedelta(minutes=10),
        latency=timedelta(minutes=40),
        clock=from_gps,
    )


def gong_synoptic(product: str, directory: str) -> Tree:
    """GONG hourly synoptic maps, *product* zqs (zero-point corrected) or bqs."""
    return Tree(
        name=f"gong mr{product} ({directory.split('/')[2]})",
        directory=directory,
        pattern=re.compile(rf"mr{product}(?P<time>\d{{6}}t\d{{4}})[^/]*\.fits\.gz"),
        time_format="%y%m%dt%H%M",
        kind=Kind.FITS_GZ,
        cadence=HOUR,
        latency=HOUR,
    )


def euvi(name: str, root: str, code: str, cadence: timedelta, latency: timedelta) -> Tree:
    """STEREO-A EUVI images, all wavelengths: only the header tells which."""
    return Tree(
        name=name,
        directory=f"https://stereo-ssc.nascom.nasa.gov/{root}/img/euvi/%Y%m%d/",
        pattern=re.compile(rf"(?P<time>\d{{8}}_\d{{6}})_{code}euA\.fts"),
        time_format="%Y%m%d_%H%M%S",
        kind=Kind.FITS,
        cadence=cadence,
        latency=latency,
    )


def aia(wavelength: int) -> Group:
    """SDO/AIA synoptic images (1024²) of one *wavelength* [Å]."""
    root = "https://jsoc1.stanford.edu/data/aia/synoptic"
    definitive = Tree(
        name=f"aia {wavelength}",
        directory=f"{root}/%Y/%m/%d/H%H00/",
        pattern=re.compile(rf"AIA(?P<time>\d{{8}}_\d{{4}})_{wavelength:04d}\.fits"),
        time_format="%Y%m%d_%H%M",
        kind=Kind.FITS,
        cadence=timedelta(minutes=3),
        latency=7 * DAY,
    )
    near_real_time = Tree(
        name=f"aia {wavelength} nrt",
        directory=f"{root}/nrt/%Y/%m/%d/H%H00/",
        pattern=re.compile(rf"AIA(?P<time>\d{{8}}_\d{{6}})_{wavelength:04d}\.fits"),
        time_format="%Y%m%d_%H%M%S",
        kind=Kind.FITS,
        cadence=timedelta(minutes=3),
        latency=timedelta(minutes=20),
    )
    return Group(f"aia {wavelength}", ((definitive, near_real_time),))


HMI = Group(
    "hmi",
    (
        (hmi("", 5 * DAY), hmi("_nrt", 2 * HOUR)),
        (hmi_records("", 5 * DAY), hmi_records("_nrt", 2 * HOUR)),
    ),
)

SITES = ("le", "ud", "td", "ct", "bb", "ml")
GONG_FULL_DISK = Group(
    "gong full disk",
    (
        tuple(gong_full_disk("zqa", "ftp/oQR", site) for site in SITES),
        tuple(gong_full_disk("bqa", "oQR", site) for site in SITES),
    ),
)

_QR = "https://gong.nso.edu/data/magmap/QR"
GONG_SYNOPTIC = Group(
    "gong synoptic",
    (
        (gong_synoptic("zqs", "https://services.swpc.noaa.gov/products/gong/zqs/"),),
        (gong_synoptic("zqs", "https://gong2.nso.edu/oQR/zqs/%Y%m/mrzqs%y%m%d/"),),
        (
            gong_synoptic("zqs", f"{_QR}/zqs/%Y%m/mrzqs%y%m%d/"),
            gong_synoptic("bqs", f"{_QR}/bqs/%Y%m/mrbqs%y%m%d/"),
        ),
    ),
)

EUVI = Group(
    "euvi",
    (
        (
            euvi("euvi science", "pub/ins_data/secchi/L0/a", "n4", timedelta(minutes=10), 3 * DAY),
            euvi("euvi beacon", "data/beacon/ahead/secchi", "n7", timedelta(minutes=10), 2 * HOUR),
        ),
    ),
)

SEISMIC_GONG = Group(
    "gong seismic map",
    (
        (
            Tree(
                name="gong mrfqo",
                directory="http://farside.nso.edu/oQR/fqo/%Y%m/mrfqo%y%m%d/",
                pattern=re.compile(r"mrfqo(?P<time>\d{6}t\d{4})\.fits"),
                time_format="%y%m%dt%H%M",
                kind=Kind.FITS,
                cadence=12 * HOUR,
                latency=DAY,
            ),
        ),
    ),
)

SEISMIC_GONG_REGIONS = Group(
    "gong seismic regions",
    (
        (
            Tree(
                name="gong mrf6x",
                directory="https://gong2.nso.edu/oQR/f6x/%Y%m/mrf6x%y%m%d/",
                pattern=re.compile(r"mrf6x(?P<time>\d{6}t\d{4})\.txt"),
                time_format="%y%m%dt%H%M",
                kind=Kind.TEXT,
                cadence=12 * HOUR,
                latency=DAY,
            ),
        ),
    ),
)

SEISMIC_HMI_REGIONS = Group(
    "hmi seismic regions",
    (
        (
            Tree(
                name="hmi AR_LIST",
                directory=f"{JSOC}/data/farside/AR_Lists/",
                pattern=re.compile(r"AR_LIST_(?P<time>\d{4}\.\d\d\.\d\d_\d\d:\d\d:\d\d)\.txt"),
                time_format="%Y.%m.%d_%H:%M:%S",
                kind=Kind.TEXT,
                cadence=12 * HOUR,
                latency=DAY,
            ),
        ),
    ),
)
