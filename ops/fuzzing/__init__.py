"""Outside data, spoiled on purpose: what reads it (parsers), how it is spoiled (mutations)."""
