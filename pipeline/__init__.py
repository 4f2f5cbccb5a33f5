"""allsun: the magnetic field of the whole Sun, every hour.

Data flow one way through the rooms, each of which knows one thing:

    archives -> instruments -> enhance -> surface -> corona -> publish

Where do I go to…
  …read one cycle from top to bottom?           ``cycle.py``
  …see what its acts take from several rooms?   ``acts/``
  …change what is fetched, or from where?       ``archives/``
  …teach it a new instrument's file?            ``instruments/``
  …run a network, or see what one needs?        ``enhance/``
  …change how images become a map?              ``surface/``
  …change the coronal model?                    ``corona/``
  …change what users receive?                   ``publish/``
  …see what repeats it, hour after hour?        ``service/``
  …reprocess the past?                          ``backfill.py``
  …add a command?                               ``cli/``, ``terminal.py``
  …see the words all rooms share?               ``core/``
  …make a Sun whose truth is known?             ``simulator/``
"""

__version__ = "0.1.0"
