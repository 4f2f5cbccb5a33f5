"""The workshop where weights are made; torch is needed only here."""
