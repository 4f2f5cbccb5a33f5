"""Running trained networks on an image.

Knows: weights, runtimes, tiles. Refuses to know: how networks are trained.
"""

from collections.abc import Sequence

from pipeline.core import BadRequest, SolarImage

__all__ = ["enhance"]


def enhance(image: SolarImage, networks: Sequence[str]) -> SolarImage:
    """Pass *image* through *networks* in turn; through none, it stays as observed.

    Raises
    ------
    BadRequest : a network is not installed.
    """
    for name in networks:
        raise BadRequest(
            f"No network {name!r} is installed; set enhance.networks = [] to turn enhancement off."
        )
    return image
