"""One publication: every product of one valid time."""

from __future__ import annotations

from pathlib import Path

from pipeline.core import Corona, GlobalMap
from pipeline.publish.netcdf import write_corona, write_synchronic
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
