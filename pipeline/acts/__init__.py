"""What the acts of a cycle need of several rooms at once, by the settings.

Where do I find …
    which earlier map is carried on, what is observed since?   ``intake``
    the networks that can run?                                 ``networks``
    pictures from beside the Earth, regions behind the limb?   ``farside``
    what helioseismology tells?                                ``sounding``
    maps of others to begin from or compare with?              ``peers``
    how frames compare with the map and each other?            ``frames``
    whether a map may be seen?                                 ``quality``
    which map is published?                                    ``admission``
    which corona the settings ask for?                         ``extrapolation``

Refuses to know: in which order the acts come (``cycle.py``), and what rooms do inside.
"""
