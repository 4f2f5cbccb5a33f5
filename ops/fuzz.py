"""Every parser of outside data, given a great many spoiled inputs.

    python ops/fuzz.py [--inputs 1_000_000] [--seed 0] [--keep DIR] [--only "DRMS records"]

A parser may take what it is given or refuse it in the project's own words; whatever else
comes out is a defect. Each kind of defect is shown once, and its input kept under DIR. The
same seed makes the same inputs. Exit status 0 only if nothing came out.
"""

from __future__ import annotations

import argparse
import resource
import signal
import sys
import tempfile
import time
import traceback
import warnings
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from rich.console import Console
from rich.table import Table

from ops.fuzzing.mutations import spoil
from ops.fuzzing.parsers import Parser, parsers
from pipeline.core import AllsunError

PATIENCE = 10.0  # s of processor time for one input; none here needs a tenth
MEMORY = 8 * 2**30  # bytes; an input that asks for more is as good as a crash


@dataclass
class Tally:
    """What became of the inputs of one parser.

    escaped : how often something else came out, by what and where
    """

    taken: int = 0
    refused: int = 0
    seconds: float = 0.0
    slowest: float = 0.0
    escaped: Counter[str] = field(default_factory=Counter)
    examples: dict[str, tuple[bytes, str]] = field(default_factory=dict)

    @property
    def inputs(self) -> int:
        return self.taken + self.refused + self.escaped.total()


def try_out(parser: Parser, inputs: int, seed: int) -> Tally:
    """Give *parser* so many spoiled inputs."""
    tally, random = Tally(), Random(f"{seed} {parser.name}")  # noqa: S311
    for sample in parser.samples:
        _one(parser, sample, tally)
    for _ in range(inputs - len(parser.samples)):
        _one(parser, spoil(parser.samples, parser.mutations, random), tally)
    sys.stderr.write(f"{parser.name}: {tally.inputs:,} inputs, {tally.escaped.total()} escaped\n")
    return tally


def _one(parser: Parser, data: bytes, tally: Tally) -> None:
    signal.setitimer(signal.ITIMER_PROF, PATIENCE)
    start = time.perf_counter()
    try:
        parser.parse(data)
    except AllsunError as error:
        if str(error).isprintable():
            tally.refused += 1
        else:
            _note(tally, data, error)
    except Exception as error:
        _note(tally, data, error)
    else:
        tally.taken += 1
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0.0)
        took = time.perf_counter() - start
        tally.seconds += took
        tally.slowest = max(tally.slowest, took)


def _note(tally: Tally, data: bytes, error: Exception) -> None:
    last = traceback.extract_tb(error.__traceback__)[-1]
    what = f"{type(error).__name__} in {Path(last.filename).name}:{last.lineno}"
    tally.escaped[what] += 1
    if what not in tally.examples:
        tally.examples[what] = data, "".join(traceback.format_exception(error))
        sys.stderr.write(f"escaped: {what} ({error})\n")


def _too_slow(*_: object) -> None:
    raise TimeoutError(f"no answer for {PATIENCE:g} s")


def fuzz(inputs: int, seed: int, only: str | None = None) -> dict[str, Tally]:
    """Tallies by parser of so many inputs in all."""
    before = signal.signal(signal.SIGPROF, _too_slow)
    memory = Path("/dev/shm")  # noqa: S108  a folder of our own is made below it
    place = str(memory) if memory.is_dir() else None
    try:
        with (
            warnings.catch_warnings(action="ignore"),
            tempfile.TemporaryDirectory(dir=place) as folder,
            parsers(Path(folder)) as tried,
        ):
            return {
                parser.name: try_out(parser, round(inputs * parser.share / 100), seed)
                for parser in tried
                if only in (None, parser.name)
            }
    finally:
        signal.signal(signal.SIGPROF, before)


def _report(tallies: dict[str, Tally], keep: Path | None) -> None:
    table = Table(box=None)
    for heading in ("parser", "inputs", "taken", "refused", "escaped", "per second", "slowest ms"):
        table.add_column(heading, justify="left" if heading == "parser" else "right")
    for name, t in tallies.items():
        counts = (t.inputs, t.taken, t.refused, t.escaped.total())
        rates = (f"{t.inputs / t.seconds:.0f}", f"{1000 * t.slowest:.0f}")
        table.add_row(name, *(f"{n:,}" for n in counts), *rates)
    Console(width=110).print(table)
    for name, tally in tallies.items():
        for what, times in tally.escaped.items():
            data, trace = tally.examples[what]
            sys.stdout.write(f"\n{name}: {what}, {times} times\n{trace}")
            if keep:
                keep.mkdir(parents=True, exist_ok=True)
                (keep / f"{name} {what}".replace(" ", "-").replace(":", "-")).write_bytes(data)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    total, escaped = (
        sum(t.inputs for t in tallies.values()),
        sum(t.escaped.total() for t in tallies.values()),
    )
    seconds = sum(t.seconds for t in tallies.values())
    sys.stdout.write(
        f"\n{total:,} inputs in {seconds:.0f} s, {escaped} escaped; at most {peak:.1f} GiB.\n"
    )


def main() -> int:
    """The command."""
    asked = argparse.ArgumentParser(description="Give every parser spoiled inputs.")
    asked.add_argument("--inputs", type=int, default=1_000_000)
    asked.add_argument("--seed", type=int, default=0)
    asked.add_argument("--only")
    asked.add_argument("--keep", type=Path)
    options = asked.parse_args()
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    tallies = fuzz(options.inputs, options.seed, options.only)
    _report(tallies, options.keep)
    return int(any(tally.escaped for tally in tallies.values()))


if __name__ == "__main__":
    sys.exit(main())
