"""One publication: every product of one valid time."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pipeline.core import Corona, FarSide, GlobalMap
from pipeline.publish.coronal import write_corona
from pipeline.publish.coronal_picture import write_coronal_picture
from pipeline.publish.farside import in_plain, read_farside, write_farside
from pipeline.publish.members import write_members
from pipeline.publish.netcdf import load, read_map, write_synchronic
from pipeline.publish.provenance import Provenance
from pipeline.publish.quicklook import write_quicklook
from pipeline.publish.store import ProductSet, Store
from pipeline.publish.wsa import write_wsa


def publish(
    data: Path,
    map_: GlobalMap,
    corona: Corona,
    farside: FarSide,
    provenance: Provenance,
    digest: str,
) -> ProductSet:
    """Make every product of *map_* and show them together below the directory *data*.

    digest : of everything the products are made from: with the same valid time
        and digest the existing set is returned and nothing is written

    Raises
    ------
    CannotWrite : the file system refuses; what readers see has not changed.
    """
    writers = {
        "synchronic": lambda path: write_synchronic(path, map_, provenance),
        "corona": lambda path: write_corona(path, corona, map_, provenance),
        "farside": lambda path: write_farside(path, farside, map_, provenance),
        "wsa": lambda path: write_wsa(path, map_, provenance),
        "quicklook": lambda path: write_quicklook(path, map_, corona, farside, provenance),
        "corona_quicklook": lambda path: write_coronal_picture(path, map_, corona, provenance),
    }
    if map_.members is not None:
        writers["state"] = lambda path: write_members(path, map_, provenance)
    return Store(data).put(map_.time, digest, writers)


def describe(products: ProductSet) -> dict[str, Any]:
    """What a program wants to know of a published set, ready for JSON.

    Raises
    ------
    BadFile : the map or the far-side list of the set is missing or broken.
    """
    path = products.files["synchronic"]
    map_, data = read_map(path), load(path)
    names = ("instrument", "time", "url", "sha256", "networks")
    inputs = zip(*(data[f"input_{name}"].values for name in names), strict=True)
    return {
        "valid_time": f"{map_.time:%Y-%m-%dT%H:%M:%SZ}",
        "revision": products.revision,
        "products": {kind: str(file) for kind, file in products.files.items()},
        "inputs": [
            {
                "instrument": str(instrument),
                "time": f"{datetime.fromtimestamp(time, UTC):%Y-%m-%dT%H:%M:%SZ}",
                "url": str(url),
                "sha256": str(sha256),
                "networks": str(networks),
            }
            for instrument, time, url, sha256, networks in inputs
        ],
        "sources": dict(map_.area_fractions()),
        "far_side": _far_side(products),
        "qc": [str(condition.name).lower() for condition in map_.qc],
        "notes": list(map_.notes),
    }


def _far_side(products: ProductSet) -> list[dict[str, Any]]:
    """The far-side regions of a set; none in one of before there were lists."""
    path = products.files.get("farside")
    return in_plain(read_farside(path)) if path else []
