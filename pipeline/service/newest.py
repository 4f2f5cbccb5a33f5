"""The newest set, as figures.

Knows: what of a map is worth a metric. Refuses to know: who asks. Reads NetCDF, whose library
serves one thread at a time, so it is asked from where cycles run.
"""

from __future__ import annotations

import numpy as np

from pipeline import publish
from pipeline.core import GlobalMap, Source, earth
from pipeline.service.metrics import Shown

OBSERVED = (Source.HMI, Source.GONG, Source.EUV, Source.SEISMIC)


def shown(products: publish.ProductSet | None) -> Shown:
    """Figures of a set, or none.

    Raises
    ------
    BadFile : its map is broken.
    """
    if products is None:
        return Shown()
    map_ = publish.read_map(products.files["synchronic"])
    return Shown(
        valid=dict.fromkeys(products.files, products.valid_time.timestamp()),
        published=dict.fromkeys(products.files, products.created.timestamp()),
        observed={name: time.timestamp() for name, time in map_.last_observed.items()},
        area=map_.area_fractions(),
        net_flux=map_.net_flux_removed,
        unsigned_flux=map_.unsigned_flux,
        farside=farside_observed(map_),
        failed={(c.name, str(c.severity)): float(not c.passed) for c in map_.checks},
    )


def farside_observed(map_: GlobalMap) -> float:
    """Share of the hemisphere turned away from the Earth that rests on observations."""
    far = earth(map_.time).mu(*map_.grid.mesh()) < 0.0
    return float(np.isin(map_.source[far], OBSERVED).mean())
