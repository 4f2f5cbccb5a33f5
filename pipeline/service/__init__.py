"""The daemon: repeats the cycle, for a year, untouched.

A user needs ``Daemon``. Where do I find …
    what is run when, and what runs together?      ``schedule``
    which hour is due, missed or out of date?      ``hours``
    what is counted and shown?                     ``metrics``
    what the newest map looks like from outside?   ``newest``
    pages for machines and readers?                ``http``
    what is deleted, and when?                     ``retention``
    how lines are logged?                          ``logs``
    how systemd is told?                           ``notify``

Refuses to know: science, formats, archives' addresses.
"""
