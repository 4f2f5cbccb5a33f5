"""Where observations live, and how to fetch them politely, completely and once.

A user needs ``Fetcher`` and a group of ``catalog``. Where do I find …
    an archive's URLs, file names, latency?        ``catalog``
    how a host is asked, and when it is left alone? ``politeness``
    how a directory page is read?                  ``listing``
    what of it looks odd?                          ``oddities``
    what folder and web have in common?            ``sources``
    how DRMS records become files?                 ``jsoc``
    what makes a file whole?                       ``verify``
    where files lie, and bad ones are kept?        ``cache``
    what was fetched, and what failed?             ``ledger``
    what is counted?                               ``telemetry``
    what is deleted?                               ``pruning``

Refuses to know: what is inside a file.
"""

from pipeline.archives.catalog import (
    EUVI,
    GONG_FULL_DISK,
    GONG_SYNOPTIC,
    HMI,
    MANNERS,
    SEISMIC_GONG,
    SEISMIC_GONG_REGIONS,
    SEISMIC_HMI_REGIONS,
    Group,
    Manners,
    aia,
)
from pipeline.archives.fetcher import Fetcher, Found
from pipeline.archives.ledger import Ledger
from pipeline.archives.pruning import prune
from pipeline.archives.search import Fetched
from pipeline.archives.verify import local

__all__ = [
    "EUVI",
    "GONG_FULL_DISK",
    "GONG_SYNOPTIC",
    "HMI",
    "MANNERS",
    "SEISMIC_GONG",
    "SEISMIC_GONG_REGIONS",
    "SEISMIC_HMI_REGIONS",
    "Fetched",
    "Fetcher",
    "Found",
    "Group",
    "Ledger",
    "Manners",
    "aia",
    "local",
    "prune",
]
