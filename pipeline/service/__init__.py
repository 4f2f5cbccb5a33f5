"""The daemon: repeats the cycle, for a year, untouched.

A user needs ``daemon.run``. Where do I find …
    what is run when, and what runs together?      ``schedule``
    which hour is due, missed or out of date?      ``hours``
    what is counted and shown?                     ``metrics``
    what the newest map looks like from outside?   ``newest``
    pages for machines and readers?                ``http``
    what does each job do?                         ``work``
    which signals does it obey?                    ``daemon``
    how lines are logged?                          ``logs``
    how systemd is told?                           ``notify``

Refuses to know: science, formats, archives' addresses.
"""
