"""From an instrument's file to a :class:`~pipeline.core.SolarImage`.

Knows: every header with all its defects, units, blanks, clocks, pointing and
quality bits; one file per instrument.
Refuses to know: where the file came from, and any network.

To add an instrument, write a module with ``recognises`` and ``read`` and list
it below.
"""

from typing import Protocol

from pipeline.core import InputFile, SolarImage
from pipeline.instruments import (
    adapt,
    aia,
    enhanced,
    euvi,
    gong,
    gong_seismic,
    hmi,
    hmi_seismic,
    mdi,
    sharp,
    synoptic,
)
from pipeline.instruments.fits import GIVE_ANOTHER, FitsImage, open_image
from pipeline.instruments.seismic_lists import read_regions

__all__ = ["Instrument", "read", "read_realisations", "read_regions"]


class Instrument(Protocol):
    """What a module in this room answers."""

    def recognises(self, image: FitsImage) -> bool:
        """Whether this instrument wrote the file."""
        ...

    def read(self, image: FitsImage) -> SolarImage:
        """The picture with its geometry, mask, unit and circumstances."""
        ...


# Asked in this order; the last answers to every equal-area map that no other claims.
INSTRUMENTS: tuple[Instrument, ...] = (
    enhanced,
    hmi,
    mdi,
    aia,
    euvi,
    gong,
    gong_seismic,
    hmi_seismic,
    sharp,
    synoptic,
)


def read(file: InputFile) -> SolarImage:
    """The image in a file of any known instrument, recognised from its header.

    Of ADAPT, which gives many maps that could all be the Sun, their mean.

    Raises
    ------
    BadFile : the file is damaged, unknown, or must not be used; the message says why.
    """
    image = open_image(file)
    if image.data.ndim == 3:
        return adapt.mean(image)
    for instrument in INSTRUMENTS:
        if instrument.recognises(image):
            return instrument.read(image)
    raise image.refuse(
        f"no known instrument wrote it (TELESCOP {image.text('TELESCOP')!r}, "
        f"CTYPE1 {image.text('CTYPE1')!r})",
        GIVE_ANOTHER,
    )


def read_realisations(file: InputFile) -> tuple[SolarImage, ...]:
    """Every map in a file of ADAPT; the single image of any other.

    Raises
    ------
    BadFile : the file is damaged, unknown, or must not be used; the message says why.
    """
    image = open_image(file)
    return adapt.realisations(image) if image.data.ndim == 3 else (read(file),)
