"""What an archive's directory page offers.

Pages are written by others: only plain names directly inside the directory
itself are believed, each once.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from html import unescape
from urllib.parse import unquote, urljoin, urlsplit

HREF = re.compile(r"""href\s*=\s*["']([^"']+)["']""", re.IGNORECASE)
TAG = re.compile(r"<[^>]*>")
# Apache's "2026-09-01 01:05  240K" or "01-Sep-2026 01:05  240K"
CHANGED = re.compile(
    r"(?:\d{4}-\d\d-\d\d|\d\d-\w{3}-\d{4})\s+\d\d:\d\d(?::\d\d)?(?:\s+[\d.]+[KMG]?)?"
)
NAME = re.compile(r"[\w][\w.:+=@~-]*", re.ASCII)


@dataclass(frozen=True, slots=True)
class Entry:
    """A file that a directory offers.

    changed : the listing's own words on when it was written and how large it is;
        empty if it says nothing. They only serve to see that a file was replaced.
    """

    name: str
    changed: str = ""


def entries(page: str, url: str) -> tuple[Entry, ...]:
    """The files offered by the HTML *page* read from the directory *url*, in its order.

    Links to other hosts, other directories and odd names are passed over, and of
    a name listed twice the last row counts.
    """
    found: dict[str, Entry] = {}
    for href, row in _links(page):
        name = _name(href, url)
        if name is not None:
            changed = CHANGED.search(TAG.sub(" ", row))
            found[name] = Entry(name, " ".join(changed[0].split()) if changed else "")
    return tuple(found.values())


def oddities(page: str, url: str) -> tuple[str, ...]:
    """What a whole and honest listing of *url* would not show; :func:`entries` passes over it.

    ``elsewhere``: files of other hosts or directories, or under odd names; ``repeated``: a name
    twice.
    """
    hrefs = [href for href, _ in _links(page)]
    names = [name for href in hrefs if (name := _name(href, url)) is not None]
    # Links within the page, to orders of its rows and to directories name no file.
    files = [href for href in hrefs if not re.search(r"[?#]|/$", href)]
    odd = {"elsewhere": len(files) > len(names), "repeated": len(set(names)) < len(names)}
    return tuple(kind for kind, seen in odd.items() if seen)


def _links(page: str) -> Iterator[tuple[str, str]]:
    """Every link of *page*, with what follows up to the next one."""
    links = list(HREF.finditer(page))
    ends = [*(link.start() for link in links), len(page)][1:]
    for link, end in zip(links, ends, strict=True):
        yield unescape(link[1]), page[link.end() : end]


def _name(href: str, url: str) -> str | None:
    """The plain file name that *href* on the page *url* means, or None."""
    directory = urlsplit(url)
    try:
        target = urlsplit(urljoin(url, href.strip()))
    except ValueError:
        return None
    folder, _, last = target.path.rpartition("/")
    name = unquote(last)
    inside = target.netloc == directory.netloc and folder == directory.path.rpartition("/")[0]
    plain = NAME.fullmatch(name) and not target.query and not target.fragment
    return name if inside and plain else None
