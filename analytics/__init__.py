"""The batch engine: pipeline, store, engines, command line.

Nothing is imported here, so that `analytics --help` stays fast.
"""

__version__ = "0.1.0"
