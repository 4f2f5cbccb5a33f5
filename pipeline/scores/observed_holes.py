"""Open field against the coronal holes that a camera saw, from files.

Knows: which files belong together. Refuses to know: what counts as a hole on a picture
(``acts/coronal_holes.py``) and how a corona is made.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from pipeline import archives, instruments, publish
from pipeline.acts import coronal_holes
from pipeline.core import BadRequest, Corona


def against_picture(product: Path, picture: Path) -> Corona:
    """The corona of a synchronic *product*'s set, held against the holes on a *picture*.

    Raises
    ------
    BadFile : a file cannot be read, or the picture is none of a solar disk at 193 or 195 Å.
    BadRequest : no corona lies beside the map, or picture and map are more than a day apart.
    """
    map_ = publish.read_map(product)
    if (beside := publish.beside(product, "corona")) is None:
        raise BadRequest(f"{product}: no corona product of the same set lies beside it.")
    corona = publish.read_corona(beside)
    image = instruments.read(archives.local(picture))
    observed = coronal_holes.holes_at(map_.time, image, corona.grid)
    br = map_.grid.block_mean(map_.br, corona.grid)
    return coronal_holes.beside(corona, br, observed)


def as_json(found: Corona) -> Mapping[str, Any]:
    """Everything as plain values.

    Raises
    ------
    ValueError : *found* has not been held against a picture.
    """
    if found.observed is None or found.hole_score is None:
        raise ValueError("The corona has not been held against a picture.")
    when, picture = f"{found.time:%Y-%m-%dT%H:%M:%SZ}", found.observed.picture
    return {"time": when, "picture": picture, **asdict(found.hole_score)}
