"""Which image is which input channel of a network, and which images it does not take.

Knows: instruments, quantities and wavelengths as cards name them, and from where images see
the Sun. Refuses to know: values, grids, what happens to the images next.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pipeline.core import BadFile, Disk, Quantity, SolarImage, great_circle
from pipeline.enhance.card import Card, Channel
from pipeline.enhance.frames import pixel_scale, zoom

MAP = "map"  # the instrument of a picture that a map promises
SAME_LINE = {195: 193}  # Å; EUVI's and AIA's channel of Fe XII
# Frames that one spacecraft takes within some hours are this near in Carrington longitude;
# two spacecraft hardly ever are.
ONE_VIEW = 5.0  # deg between observers


def objection(card: Card, image: SolarImage) -> str | None:
    """Why the network does not take *image*, as a clause; None if it does."""
    observation, geometry = image.observation, image.geometry
    if observation.instrument not in card.instruments:
        takes = ", ".join(card.instruments)
        return f"it is of {observation.instrument}, but {card.label} takes {takes}"
    if card.output.field_scale and observation.scale:
        return f"a network has put it on the scale of {observation.scale} already"
    if any(run.network.startswith(f"{card.name}/") for run in observation.inferences):
        return f"{card.name} has worked on it already"
    if not any(_fits(channel, image) for channel in card.inputs):
        wavelength = f" at {observation.wavelength} Å" if observation.wavelength else ""
        return f"{observation.quantity}{wavelength} is no input of {card.label}"
    if observation.instrument == MAP and image.sigma is None:
        return "it does not state its standard error"
    if (scale := pixel_scale(geometry)) is None:
        return f"{card.label} takes disks and patches, and it is neither"
    if card.grid.radius and not isinstance(geometry, Disk):
        return f"{card.label} takes whole disks, and it is a patch"
    if zoom(scale, card.grid.pixel_scale) != 1.0 and not isinstance(geometry, Disk):
        return f"{card.label} takes no patch with pixels of {scale:.2g} arcsec"
    return None


def assigned(images: Sequence[SolarImage], card: Card) -> dict[str, SolarImage]:
    """Which image is which channel, by the channel's name.

    A channel may be missing if the network has a mask that tells of it and of it alone.

    Raises
    ------
    BadFile : the network does not take an image, has taken another for its channel, would
        see another side of the Sun on it than on the first, or lacks one.
    """
    sources: dict[str, SolarImage] = {}
    for image in images:
        if problem := objection(card, image):
            raise refuse(image, problem, "give an image of the kind that its card names")
        if (apart := _apart(image, images[0])) > ONE_VIEW:
            problem = f"it shows the Sun from {apart:.0f} deg beside the first image"
            raise refuse(image, problem, "give images of one imager taken within the hour")
        free = [c for c in card.inputs if _fits(c, image) and c.name not in sources]
        if not free:
            raise refuse(image, "another image has filled its channel", "give one of each kind")
        sources[free[0].name] = image
    if not any(channel.measured for channel in card.inputs if channel.name in sources):
        raise refuse(images[0], "it is what a map promises, no observation", "give one besides")
    if needed := [n for n in untold(card) if n not in sources]:
        problem = f"{card.label} needs {', '.join(needed)} besides"
        raise refuse(images[0], problem, "give that image, too")
    return sources


def untold(card: Card) -> list[str]:
    """The measured channels that no mask is about: a gap in one is a gap in the answer."""
    told = {channel.of for channel in card.inputs if channel.of}
    return [c.name for c in card.inputs if c.measured and c.name not in told]


def missing(sources: Mapping[str, SolarImage], card: Card) -> list[str]:
    """The channels for which there is no image."""
    return [c.name for c in card.inputs if c.pictured and c.name not in sources]


def refuse(image: SolarImage, problem: str, remedy: str) -> BadFile:
    """An error, to be raised, about the file of *image*."""
    return BadFile(image.observation.file.path, problem, remedy)


def _fits(channel: Channel, image: SolarImage) -> bool:
    quantity = image.observation.quantity
    if channel.kind in ("field", "prior"):
        carried = image.observation.instrument == MAP
        return quantity is Quantity.B_LOS and carried == (channel.kind == "prior")
    lines = {_line(channel.wavelength), _line(image.observation.wavelength)}
    return channel.kind == "intensity" and quantity is Quantity.INTENSITY and len(lines) == 1


def _line(wavelength: int | None) -> int | None:
    return SAME_LINE.get(wavelength, wavelength) if wavelength else None


def _apart(image: SolarImage, other: SolarImage) -> float:
    """Angle between the places from which two images were taken, deg."""
    here, there = image.observation.observer, other.observation.observer
    return float(
        great_circle(
            here.carrington_longitude, here.latitude, there.carrington_longitude, there.latitude
        )
    )
