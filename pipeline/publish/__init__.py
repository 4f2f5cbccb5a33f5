"""From results to the files that users read.

Knows: formats, names, pictures, and how to show a complete set or nothing.
Refuses to know: how the results came about.
"""

from pipeline.publish.coronal import read_corona, write_corona
from pipeline.publish.coronal_picture import write_coronal_picture
from pipeline.publish.farside import in_plain, read_farside, write_farside
from pipeline.publish.image import write_image, write_sigma
from pipeline.publish.members import with_stored_members, write_members
from pipeline.publish.netcdf import read_map, variables, write_synchronic
from pipeline.publish.products import describe, publish
from pipeline.publish.provenance import Provenance
from pipeline.publish.quicklook import write_quicklook
from pipeline.publish.store import ProductSet, Store, beside
from pipeline.publish.validate import validate
from pipeline.publish.wsa import write_wsa

__all__ = [
    "ProductSet",
    "Provenance",
    "Store",
    "beside",
    "describe",
    "in_plain",
    "publish",
    "read_corona",
    "read_farside",
    "read_map",
    "validate",
    "variables",
    "with_stored_members",
    "write_corona",
    "write_coronal_picture",
    "write_farside",
    "write_image",
    "write_members",
    "write_quicklook",
    "write_sigma",
    "write_synchronic",
    "write_wsa",
]
