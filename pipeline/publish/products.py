"""One publication: every product of one valid time."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pipeline.core import Corona, GlobalMap
from pipeline.publish.coronal import write_corona
from pipeline.publish.netcdf import load, read_map, write_synchronic
from pipeline.publish.provenance import Provenance
from pipeline.publish.quicklook import write_quicklook
from pipeline.publish.store import ProductSet, Store
from pipeline.publish.wsa import write_wsa


def publish(
    data: Path, map_: GlobalMap, corona: Corona, provenance: Provenance, digest: str
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
        "wsa": lambda path: write_wsa(path, map_, provenance),
        "quicklook": lambda path: write_quicklook(path, map_, corona, provenance),
    }
    return Store(data).put(map_.time, digest, writers)


def describe(products: ProductSet) -> dict[str, Any]:
    """What a program wants to know of a published set, ready for JSON.

    Raises
    ------
    BadFile : the map of the set is missing or broken.
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
        "qc": [str(condition.name).lower() for condition in map_.qc],
        "notes": list(map_.notes),
    }
