"""Pure functions over numpy arrays: what marts cannot compute in SQL."""
