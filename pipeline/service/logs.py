"""Log lines: JSON on standard error, one cycle id through all of a cycle, no secrets.

Lines of libraries pass the same way. A line that repeats is held back for a while and then
says how often it came. Refuses to know: what is worth a line.
"""

from __future__ import annotations

import logging
import math
import re
import sys
import threading
import time
from collections.abc import MutableMapping
from typing import Any

import structlog
from structlog.typing import Processor

# user:password@ of any URL, whoever put it into a line
PASSWORD = re.compile(r"(://[^\s/:@]*):[^\s@]*@")
QUIET = 600.0  # s during which a repeated line is held back
REMEMBERED = 1000

Event = MutableMapping[str, Any]


class Repeats(logging.Filter):
    """Holds back warnings that came a moment ago, and counts them."""

    def __init__(self, quiet: float = QUIET) -> None:
        super().__init__()
        self._quiet = quiet
        self._lock = threading.Lock()
        self._seen: dict[str, tuple[float, int]] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether *record* is to be written; if it was held back before, it says how often."""
        if record.levelno < logging.WARNING:
            return True
        own = record.msg if isinstance(record.msg, dict) else {}
        text = [own.get(name) for name in ("event", "hour", "reason")] if own else []
        if own.get("event") == "archive":  # whose sentences tell the time that was asked for
            text = [re.sub(r"\d+", "0", f"{text}")]
        key = f"{record.levelno} {text or record.getMessage()}"
        now = time.monotonic()
        with self._lock:
            since, held = self._seen.pop(key, (-math.inf, 0))
            if now - since < self._quiet:
                self._seen[key] = since, held + 1
                return False
            self._seen[key] = now, 0
            while len(self._seen) > REMEMBERED:
                self._seen.pop(next(iter(self._seen)))
        if held and own:
            record.msg = own | {"repeated": held}
        return True


def without_secrets(logger: Any, method: str, event: Event) -> Event:
    """Blot passwords out of URLs."""
    for key, value in event.items():
        if isinstance(value, str):
            event[key] = PASSWORD.sub(r"\1:***@", value)
    return event


def configure() -> None:
    """Write this process's log lines as JSON on standard error."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.ExtraAdder(), *shared],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                without_secrets,
                structlog.processors.JSONRenderer(default=str),
            ],
        )
    )
    handler.addFilter(Repeats())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.INFO)
    for chatty in ("httpx", "httpcore", "uvicorn.access", "stamina", "matplotlib"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    # What was dropped or failed is told by the schedule's listeners, which say it better.
    logging.getLogger("apscheduler").setLevel(logging.CRITICAL)
    logging.captureWarnings(True)
