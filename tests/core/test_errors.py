"""An error is one line that any terminal can show."""

from __future__ import annotations

import pickle

from pipeline.core import AllsunError, BadFile


def test_what_a_file_said_cannot_break_the_line_or_the_terminal() -> None:
    said = "\x1b[2Jgauss\nTraceback\ud800\u2028"
    sentence = str(BadFile("a.fits", f"its unit is '{said}'", "fetch it again"))
    assert sentence == "a.fits: its unit is ' [2Jgauss Traceback  '; fetch it again."
    sentence.encode()
    assert str(AllsunError("5 µm – “ρ” = ½″.")) == "5 µm – “ρ” = ½″."


def test_it_stays_the_same_between_processes() -> None:
    error = BadFile("a.fits", "is\nbroken", "fetch it again")
    assert str(pickle.loads(pickle.dumps(error))) == str(error)  # noqa: S301
