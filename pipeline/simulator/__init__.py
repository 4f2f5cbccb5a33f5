"""A Sun whose truth is known, and instruments that observe it into real formats.

Knows: forward models and the files of the real archives. Refuses to know: the
cycle, which cannot tell a simulated file from a real one except by its own mark.
"""
