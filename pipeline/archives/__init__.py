"""Where observations live, and how to fetch them politely, completely and once.

Knows: each archive's addresses, file names, cadence, latency and manners; how
to tell a complete file from a broken one; what has been fetched already.
Refuses to know: what is inside a file beyond its being whole.
"""
