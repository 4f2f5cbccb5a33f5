"""Errors that a person reads.

Every error the software foresees is an :class:`AllsunError`, and its text is
one sentence that names the thing at fault, followed by the remedy. The command
line prints it as it stands; anything else that escapes is a defect.
"""

from __future__ import annotations

from pathlib import Path


class AllsunError(Exception):
    """Root of all foreseen errors; ``str(error)`` is one line fit for an operator's terminal.

    What a file or a server said is often part of it: whatever cannot be printed, as a line's
    end, a terminal's control sequence or half a character, becomes a space.
    """

    def __str__(self) -> str:
        return "".join(c if c.isprintable() else " " for c in super().__str__())


class BadFile(AllsunError):
    """A file cannot be used as it is.

    Parameters
    ----------
    path : file at fault
    problem : what is wrong, as a clause without a full stop
    remedy : what the reader can do about it
    """

    def __init__(self, path: str | Path, problem: str, remedy: str) -> None:
        super().__init__(f"{path}: {problem}; {remedy}.")
        self.path = Path(path)
        self.problem = problem
        self.remedy = remedy

    def __reduce__(self) -> tuple[type[BadFile], tuple[Path, str, str]]:
        return type(self), (self.path, self.problem, self.remedy)


class BadRequest(AllsunError):
    """What the user asked for (an option, a setting, a date) makes no sense."""


class CannotWrite(AllsunError):
    """The data directory refuses a write: no space, no permission, no such place."""


class NothingObserved(AllsunError):
    """There is nothing to make a map from."""


class NotPublished(AllsunError):
    """A map failed a critical check, and there is no earlier one to put in its place."""
