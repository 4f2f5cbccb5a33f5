"""What the room counts and measures, for Prometheus.

Knows: names and labels of metrics; an archive is called by its host, or by the family of
hosts that is asked as one. Refuses to know: who reads them.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from prometheus_client import Counter, Gauge

from pipeline.archives.catalog import MANNERS

FETCHES = Counter(
    "allsun_fetches_total",
    "Requests to an archive, listings and files, and files that were no whole files: ok, absent, "
    "trouble (no usable answer), closed (not asked, for it failed too often), corrupt",
    ["archive", "outcome"],
)
BYTES = Counter("allsun_fetched_bytes_total", "Bytes of files received", ["archive"])
BREAKER_OPEN = Gauge(
    "allsun_breaker_open", "1 while an archive is left alone because it failed", ["archive"]
)
ODD_LISTINGS = Counter(
    "allsun_odd_listings_total",
    "Listings that named files elsewhere, a file twice, or no longer one that they had named",
    ["archive", "oddity"],
)
LEDGER_DAMAGED = Counter(
    "allsun_ledger_damaged_total", "Times that a damaged ledger was set aside and begun anew"
)


def archive(place: str) -> str:
    """What metrics call the host of a URL, or a host: its family's name, if it has one."""
    host = urlsplit(place).netloc or place
    families = (manners.host for manners in MANNERS if manners.host)
    return next((f for f in families if host == f or host.endswith(f".{f}")), host)
