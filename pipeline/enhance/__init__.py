"""Running a trained network on an image.

Knows: weights, runtimes, tiles. Refuses to know: how networks are trained.
"""
