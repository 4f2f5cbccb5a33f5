"""What tests of the workshop share: one thread each, since pytest runs several at once."""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")  # read when torch is imported
