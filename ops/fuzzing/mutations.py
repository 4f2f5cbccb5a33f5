"""How good data are spoiled: as bytes, as lines, as numbers, as JSON and as FITS cards.

Knows nothing of what reads them. All randomness comes from the generator that is passed in.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from random import Random
from typing import Any

Mutation = Callable[[bytes, Random], bytes]

CARD = 80  # bytes (FITS Standard 4.0, §4.1)
NUMBER = re.compile(rb"[-+]?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?")
WORD = re.compile(rb"[A-Za-z_][A-Za-z0-9_.]*")

# What has broken a parser before, somewhere.
NUMBERS = tuple(
    text.encode()
    for text in (
        *("0", "-0", "1", "-1", "nan", "NaN", "-nan", "inf", "-Infinity", "1e999", "-1e-999"),
        *("8e37", "1e308", "99999999999999999999", "-2147483649", "4294967296", "9" * 5000),
        *("0x", "0x80000000", "1_000", "٣", "²", "1.5.2", "1,5", ".", "-", "+", "", "1e", "T"),
        *("2026.02.30_25:61:61_TAI", "0000-00-00", "9999-12-31T23:59:60", "'", "''", "null"),
    )
)
FRAGMENTS = (
    *(
        b"\x00",
        b"\xff",
        b"\xff\xfe",
        b"\xc3\x28",
        b"\xed\xa0\x80",
        b"\r\n",
        b"\n\n",
        b"\t",
        b" " * 99,
    ),
    *(b"%00", b"%2F..%2f", b"../", b"//host/", b"&#0;", b"&#x110000;", b"&amp;", b"[", b"]" * 9),
    *(b"{", b"}" * 9, b'"', b"'''", b'"""', b"<", b"<!--", b"href=", b"\\", b"\\u0000", b"\\ud800"),
    *(b"END", b"=", b"= ", b"/", b"HISTORY", b"CONTINUE", b"SIMPLE", b"XTENSION", b"\x1f\x8b"),
)
VALUES: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 2**31, 2**63, 2**70, 1e308, -1e-308, float("nan"), float("inf")),
    *("", " ", "nan", "MISSING", "\0", "\ud800", "x" * 9999, "2014.01.31_00:00:00_TAI", "../.."),
    *([], {}, [[]], {"": None}, [None] * 99, ["1"], {"name": 1, "values": 2}),
)


def flip(data: bytes, random: Random) -> bytes:
    """A few bytes become others."""
    spoiled = bytearray(data)
    for _ in range(random.randint(1, 8)):
        if spoiled:
            spoiled[random.randrange(len(spoiled))] = random.randrange(256)
    return bytes(spoiled)


def cut(data: bytes, random: Random) -> bytes:
    """It ends early, or a piece is missing."""
    start, end = sorted(random.randint(0, len(data)) for _ in range(2))
    return data[:start] if random.random() < 0.5 else data[:start] + data[end:]


def double(data: bytes, random: Random) -> bytes:
    """A piece comes again, somewhere."""
    start = random.randint(0, len(data))
    piece = data[start : start + random.randint(1, 400)]
    where = random.randint(0, len(data))
    return data[:where] + piece * random.choice((1, 1, 2, 30)) + data[where:]


def insert(data: bytes, random: Random) -> bytes:
    """Something that does not belong there."""
    where = random.randint(0, len(data))
    return data[:where] + random.choice(FRAGMENTS) + data[where:]


def lines(data: bytes, random: Random) -> bytes:
    """Two lines change places, and one is lost."""
    rows = data.splitlines(keepends=True)
    if len(rows) < 2:
        return flip(data, random)
    first, second = random.randrange(len(rows)), random.randrange(len(rows))
    rows[first], rows[second] = rows[second], rows[first]
    del rows[random.randrange(len(rows))]
    return b"".join(rows)


def numbers(data: bytes, random: Random) -> bytes:
    """Some numbers become others, or none."""
    return _replaced(data, NUMBER, NUMBERS, random)


def words(data: bytes, random: Random) -> bytes:
    """Some words become other words of the same text."""
    there = WORD.findall(data)
    return _replaced(data, WORD, there, random) if there else insert(data, random)


def json_nodes(data: bytes, random: Random) -> bytes:
    """Values of a JSON document become others, keys are lost, gained or renamed."""
    tree = json.loads(data)
    for _ in range(random.randint(1, 4)):
        tree = _replaced_node(tree, random)
    return json.dumps(tree).encode()


def fits_cards(data: bytes, random: Random) -> bytes:
    """Cards of a FITS file get other values, are lost, doubled or change places."""
    spoiled = bytearray(data)
    cards = [at for at in range(0, min(len(data), 60000), CARD) if data[at + 8 : at + 10] == b"= "]
    for _ in range(random.randint(1, 3) if cards else 0):
        at, other = random.choice(cards), random.choice(cards)
        match random.randrange(5):
            case 0:
                card = bytes(spoiled[at : at + 10]) + random.choice(NUMBERS)[:70].rjust(20)
            case 1:
                card = bytes(spoiled[at : at + 10]) + b"'" + random.choice(NUMBERS)[:60] + b"'"
            case 2:
                card = bytes(spoiled[at : at + 10]) + random.choice(FRAGMENTS)[:70]
            case 3:
                card = b"COMMENT"
            case _:
                card = bytes(spoiled[other : other + CARD])
        spoiled[at : at + CARD] = card[:CARD].ljust(CARD)
    return bytes(spoiled)


BYTES: tuple[Mutation, ...] = (flip, cut, double, insert)
TEXT: tuple[Mutation, ...] = (*BYTES, lines, numbers, numbers, words)
JSON: tuple[Mutation, ...] = (*BYTES, numbers, words, json_nodes, json_nodes, json_nodes)
FITS: tuple[Mutation, ...] = (*BYTES, *[fits_cards] * 8)


def spoil(samples: Sequence[bytes], mutations: Sequence[Mutation], random: Random) -> bytes:
    """One of the *samples*, spoiled once, or now and then a few times over."""
    data = random.choice(samples)
    for _ in range(random.choice((1, 1, 1, 2, 4))):
        mutation = random.choice(mutations)
        try:
            data = mutation(data, random)
        except (ValueError, RecursionError):  # what was JSON is so no more
            data = flip(data, random)
    return data


def _replaced(
    data: bytes, pattern: re.Pattern[bytes], by: Sequence[bytes], random: Random
) -> bytes:
    spans = [match.span() for match in pattern.finditer(data)]
    if not spans:
        return insert(data, random)
    for start, end in sorted(random.choices(spans, k=random.randint(1, 3)), reverse=True):
        data = data[:start] + random.choice(by) + data[end:]
    return data


def _replaced_node(tree: Any, random: Random) -> Any:
    """The *tree* with one node changed, reached by a random walk from the root."""
    if isinstance(tree, dict) and tree and random.random() < 0.9:
        key = random.choice(list(tree))
        match random.randrange(8):
            case 0:
                return {name: node for name, node in tree.items() if name != key}
            case 1:
                return {(f"{name}_" if name == key else name): node for name, node in tree.items()}
            case _:
                return tree | {key: _replaced_node(tree[key], random)}
    if isinstance(tree, list) and tree and random.random() < 0.9:
        at = random.randrange(len(tree))
        if random.random() < 0.2:
            return [*tree, tree[at]] if random.random() < 0.5 else tree[:at] + tree[at + 1 :]
        return [*tree[:at], _replaced_node(tree[at], random), *tree[at + 1 :]]
    return random.choice(VALUES)
