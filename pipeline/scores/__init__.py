"""How far a product is from the truth.

Knows: the parts of the Sun that are scored apart, and what is measured in each.
Refuses to know: how the product was made.
"""

from pipeline.scores.comparison import Comparison, compare
from pipeline.scores.picture import write_picture
from pipeline.scores.report import as_json, as_text

__all__ = ["Comparison", "as_json", "as_text", "compare", "write_picture"]
