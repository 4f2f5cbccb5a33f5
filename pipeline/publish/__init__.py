"""From results to the files that users read.

Knows: formats, names, pictures, and how to show a complete set or nothing.
Refuses to know: how the results came about.
"""
