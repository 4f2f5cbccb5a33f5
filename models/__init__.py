"""The workshop: from observations to a folder of weights that ``pipeline/enhance`` runs.

    data -> batches -> training (nets, losses) -> checkpoints -> export -> weights/<name>/<version>

One recipe, a TOML file of ``recipes/``, decides all of it. Torch is needed here and nowhere
else; what passes on is ONNX and a card, whose schema is the pipeline's.

Where do I go to…
  …make the weights of a network again?        ``allsun models train RECIPE``, then ``export``
  …see what a recipe can say?                  ``recipe.py``
  …add an architecture?                        ``nets/``, a module and a line in ``TRUNKS``
  …add a term of the loss?                     ``losses.py``, and its weight in ``recipe.Losses``
  …add a data set, or change what is held out? ``data/``
  …see how truth becomes a batch?              ``batches.py``, ``stores.py``, ``data/patches.py``
  …follow one step of the training?            ``training.py``; its files, ``checkpoints.py``
  …train on several GPUs?                      ``cli.py``, ``processes.py``
  …see what the pipeline is given?             ``export.py``
  …measure a field against the truth?          ``metrics/``, ``evaluation/``, ``baselines.py``
"""
