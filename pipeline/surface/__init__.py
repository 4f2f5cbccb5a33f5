"""From images to one map of the whole surface.

Knows: averaging a disk onto the Carrington grid without losing flux, carrying a
map through time, combining it with observations, balancing its flux.
Refuses to know: files.
"""
