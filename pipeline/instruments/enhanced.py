"""Magnetograms that a network of this software has worked on (``allsun enhance``).

The frame keeps the name of the instrument that took it; ``FLDSCALE`` says on whose field
scale its values are.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator

from pipeline.core import Inference, Observation, Quantity, SolarImage
from pipeline.instruments.disk import disk, observer
from pipeline.instruments.equal_area import equal_area
from pipeline.instruments.fits import GAUSS, FitsImage, keep

RUN = re.compile(
    r"network (?P<network>\S+) on (?P<provider>.+)\n"
    r"sha256 (?P<sha256>[0-9a-f]{64})\n"
    r"parity (?P<parity>\d\S*) G\n"
    r"(?P<outside>[\d.]+)% of the pixels beyond its training"
)


def recognises(image: FitsImage) -> bool:
    return image.text("TELESCOP").endswith("allsun") and bool(image.text("QUANTITY"))


def read(image: FitsImage) -> SolarImage:
    """Field in gauss, as it was written.

    Raises
    ------
    BadFile : the header is not as ``allsun enhance`` writes it, or it holds an error, no field.
    """
    image.require_unit(*GAUSS)
    if image.text("CONTENT").startswith("standard error"):
        raise image.refuse("it holds the error of a field", "give the file of the field")
    quantities = {str(q): q for q in (Quantity.B_LOS, Quantity.B_R)}
    if (quantity := quantities.get(image.text("QUANTITY"))) is None:
        raise image.refuse(f"QUANTITY {image.text('QUANTITY')!r} is no magnetic field")
    patch = image.text("CTYPE1") == "CRLN-CEA"
    geometry = equal_area(image) if patch else disk(image)
    instrument, scale = image.text("INSTRUME"), image.text("FLDSCALE")
    data, mask = keep(image)
    return SolarImage(
        data=data,
        mask=mask,
        unit="G",
        geometry=geometry,
        observation=Observation(
            instrument=instrument,
            quantity=quantity,
            time=image.utc("DATE-OBS"),
            observer=observer(image),
            file=image.file,
            noise=image.number("NOISE") if image.text("NOISE") else float("nan"),
            noise_length=image.number("NOISELEN"),
            quick_look=bool(image.bits("QLOOK")),
            simulated=image.simulated,
            scale=scale if scale != instrument else None,
            inferences=tuple(_inferences(image)),
        ),
    )


def _inferences(image: FitsImage) -> Iterator[Inference]:
    """The networks that the history names."""
    history = "\n".join(map(str, image.header.get("HISTORY", ())))
    for run in RUN.finditer(history):
        yield Inference(
            network=run["network"],
            sha256=run["sha256"],
            provider=run["provider"],
            parity=float(run["parity"]),
            outside=float(run["outside"]) / 100.0,
            seconds=math.nan,
        )
