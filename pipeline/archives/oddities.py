"""Odd listings, counted: files of elsewhere, a name twice, a file that is no longer named.

None of them changes what is fetched, but an operator who wonders about an archive sees them.
A file that is replaced under another name, as HMI's definitive frames replace the quick ones,
is no longer named either. Refuses to know: how a page is read, and what is fetched.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable

from pipeline.archives import telemetry

REMEMBERED = 64  # directories; polls ask for a few of each archive

_lock = threading.Lock()
_listed: dict[str, frozenset[str]] = {}


def note(url: str, names: Iterable[str], odd: Iterable[str]) -> None:
    """Count a listing of the directory *url* that offers *names*, by what is odd about it.

    odd : what its page shows
    """
    now = frozenset(names)
    with _lock:
        before = _listed.pop(url, frozenset())
        _listed[url] = now
        if len(_listed) > REMEMBERED:
            del _listed[next(iter(_listed))]
    for oddity in (*odd, *(("shrunk",) if before - now else ())):
        telemetry.ODD_LISTINGS.labels(telemetry.archive(url), oddity).inc()
