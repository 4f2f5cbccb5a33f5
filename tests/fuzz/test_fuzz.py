"""No outside data, however spoiled, bring out anything but the project's own errors."""

from __future__ import annotations

import json
from contextlib import suppress
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ops.fuzz import fuzz, try_out
from ops.fuzzing import mutations, parsers
from pipeline.core import AllsunError

INPUTS = 6000  # `make fuzz` tries a million
COUNTABLE = 40  # of each parser at least

TREES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4)
    ),
    max_leaves=12,
)
COLUMNS = st.fixed_dictionaries(
    {"name": st.sampled_from(["T_REC", "magnetogram"]), "values": TREES}
)
ANSWERS = st.fixed_dictionaries(
    {"status": st.just(0) | TREES},
    optional={"keywords": st.lists(COLUMNS) | TREES, "segments": st.lists(COLUMNS) | TREES},
)


def test_spoiled_data_are_taken_or_refused_and_nothing_else() -> None:
    tallies = fuzz(INPUTS, seed=20261120)
    assert len(tallies) == 11
    for name, tally in tallies.items():
        found = "\n".join(trace for _, trace in tally.examples.values())
        assert not tally.escaped, f"{name}\n{found}"
        assert tally.inputs >= min(COUNTABLE, INPUTS // 300), name
        # Both ways out are tried; what a server's header says is never refused.
        assert tally.taken, name
        assert tally.refused or name in ("directory listings", "HTTP headers"), name


def test_what_escapes_is_seen(capsys: pytest.CaptureFixture[str]) -> None:
    def fragile(data: bytes) -> None:
        if b"9" in data:
            raise KeyError(data)

    parser = parsers.Parser("fragile", [b"1 2 3"], mutations.TEXT, fragile, 100)
    tally = try_out(parser, 300, seed=0)
    assert tally.inputs == 300
    assert 0 < tally.escaped.total() < 300
    assert all(b"9" in data for data, _ in tally.examples.values())
    assert "escaped: KeyError in test_fuzz.py" in capsys.readouterr().err


def test_a_seed_makes_the_same_inputs_and_most_are_spoiled() -> None:
    def some(seed: int) -> list[bytes]:
        random = Random(seed)
        return [mutations.spoil([b"a = 1\nb = 2\n"], mutations.TEXT, random) for _ in range(200)]

    assert some(1) == some(1)
    assert some(1) != some(2)
    assert len(set(some(1))) > 100


@settings(
    max_examples=150,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)
@given(answer=ANSWERS)
def test_no_answer_of_any_shape_is_mistaken_for_records(answer: object) -> None:
    with parsers.answering() as canned:
        parse = parsers.records(canned)
        with suppress(AllsunError):
            parse(json.dumps(answer).encode())
