"""Opening FITS files and asking their headers.

Knows: which unit of the file holds the picture, and how to say in one sentence
what is wrong with it. Damage of any kind becomes a :class:`BadFile`.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
from astropy.io import fits
from astropy.utils.exceptions import AstropyWarning
from numpy.typing import NDArray

from pipeline.core import BadFile, InputFile

FETCH_AGAIN = "fetch it again"
GIVE_ANOTHER = "give another file"
LARGEST_SIDE = 8192  # twice the largest frame of any instrument known here
GAUSS = ("gauss", "g", "mx/cm^2")


@dataclass(frozen=True, slots=True, eq=False)
class FitsImage:
    """One picture and its header, before anyone has made sense of them.

    data : float32 (ny, nx), scaled by BSCALE and BZERO, NaN where BLANK; (n, ny, nx) if the
        unit holds a stack of pictures
    """

    file: InputFile
    header: fits.Header
    data: NDArray[np.float32]

    def refuse(self, problem: str, remedy: str = FETCH_AGAIN) -> BadFile:
        """The error to raise about this file."""
        return BadFile(self.file.path, problem, remedy)

    def text(self, key: str) -> str:
        """The keyword as text, or '' if it is absent.

        Raises
        ------
        BadFile : its card cannot be parsed.
        """
        try:
            value = self.header.get(key, "")
        except fits.VerifyError:
            raise self.refuse(f"the header card {key} cannot be read") from None
        return "" if isinstance(value, fits.card.Undefined) else str(value).strip()

    def number(self, key: str) -> float:
        """The keyword as a finite number.

        Raises
        ------
        BadFile : it is absent or not a number.
        """
        text = self.text(key)
        if not text:
            raise self.refuse(f"the header has no {key}")
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not math.isfinite(value):
            raise self.refuse(f"{key} is {text!r}, not a number")
        return value

    def positive(self, key: str, below: float) -> float:
        """The keyword as a number above zero and *below* what is physical.

        Raises
        ------
        BadFile : it is absent, no number, or out of that range.
        """
        value = self.number(key)
        if not 0.0 < value < below:
            raise self.refuse(f"{key} is {value:g}, not between 0 and {below:g}")
        return value

    def bits(self, key: str) -> int:
        """The keyword as a 32-bit word; written as a (signed) integer or as ``0x…`` text.

        Raises
        ------
        BadFile : it is absent or not an integer.
        """
        text = self.text(key)
        try:
            return int(text, 0) & 0xFFFFFFFF
        except ValueError:
            raise self.refuse(f"{key} is {text!r}, not a quality word") from None

    def clock(self, text: str) -> datetime:
        """A naive time from the forms in use: ISO, ``2014.01.31_00:00:00_TAI``, ``2014/01/31``.

        Raises
        ------
        BadFile : the text is no time.
        """
        digits = text.removesuffix("_TAI").removesuffix("_UTC").removesuffix("Z")
        digits = digits.replace("_", "T", 1).replace("/", "-")
        day, _, hours = digits.partition("T")
        try:
            time = datetime.fromisoformat(f"{day.replace('.', '-')}T{hours or '00:00'}")
        except ValueError:
            raise self.refuse(f"{text!r} is not a time" if text else "it gives no time") from None
        if time.tzinfo or not 1970 < time.year < 2100:
            raise self.refuse(f"{text!r} is not a time at which it can have been taken")
        return time

    def utc(self, key: str) -> datetime:
        """The keyword as a UTC time."""
        return self.clock(self.text(key)).replace(tzinfo=UTC)

    def require_unit(self, *allowed: str) -> None:
        """Raise :class:`BadFile` unless BUNIT (_BUNIT in some JSOC files) is one of *allowed*."""
        unit = self.text("BUNIT") or self.text("_BUNIT")
        if unit.lower() not in allowed:
            raise self.refuse(f"its unit is {unit!r}, not {allowed[0]}", GIVE_ANOTHER)

    @property
    def simulated(self) -> bool:
        """Whether the file says that no telescope took it."""
        return self.text("ORIGIN").startswith("allsun simulator") or self.text("SIMULATE") == "True"


def open_image(file: InputFile) -> FitsImage:
    """The first picture or stack of pictures in a FITS file, plain, gzipped or Rice-compressed.

    Raises
    ------
    BadFile : the file is missing, empty, truncated, damaged, not FITS, or has no such picture.
    """
    path = file.path
    if not path.is_file():
        raise BadFile(path, "there is no such file", "check the path")
    if path.stat().st_size == 0:
        raise BadFile(path, "the file is empty", FETCH_AGAIN)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", AstropyWarning)
            warnings.filterwarnings("error", message=".*truncated.*")
            # Unsigned integers would lose their BLANK.
            with (
                np.errstate(over="ignore"),
                path.open("rb") as stream,  # astropy leaves a file open that it cannot parse
                fits.open(stream, uint=False) as units,
            ):
                for unit in units:
                    if unit.is_image and len(unit.shape) in (2, 3):
                        _check_size(file, unit.shape)
                        data = np.array(unit.data, dtype=np.float32)
                        return FitsImage(file, unit.header.copy(), data)
    except BadFile:
        raise
    except Exception as error:  # astropy meets damaged bytes with almost any exception
        problem = f"it cannot be read as FITS ({_first_sentence(error)})"
        raise BadFile(path, problem, FETCH_AGAIN) from error
    raise BadFile(path, "it holds no two-dimensional picture", GIVE_ANOTHER)


def keep(
    image: FitsImage, where: NDArray[np.bool_] | bool = True
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """The data, NaN but where finite and wanted; and the mask of what was kept.

    Raises
    ------
    BadFile : nothing is kept.
    """
    mask = np.isfinite(image.data) & where
    if not mask.any():
        raise image.refuse("no pixel holds a measurement")
    return np.where(mask, image.data, np.float32(np.nan)), mask


def in_words(word: int, meanings: Mapping[int, str]) -> str:
    """The bits set in a quality word, in words."""
    names = [meaning for bit, meaning in meanings.items() if word & bit]
    return ", ".join(dict.fromkeys(names)) or "an undocumented bit"


def _check_size(file: InputFile, shape: tuple[int, ...]) -> None:
    ny, nx = shape[-2:]
    if not 0 < min(shape) <= max(shape) <= LARGEST_SIDE or math.prod(shape) > LARGEST_SIDE**2:
        stack = f"{shape[0]} times " if len(shape) == 3 else ""
        raise BadFile(file.path, f"its picture is {stack}{nx} by {ny} pixels", FETCH_AGAIN)


def _first_sentence(error: Exception) -> str:
    return (str(error) or type(error).__name__).splitlines()[0].partition(". ")[0].rstrip(".")
