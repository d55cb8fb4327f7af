"""Keeping the model libraries' progress bars and advice out of our output."""

import contextlib
import warnings
from collections.abc import Iterator
from typing import Any


@contextlib.contextmanager
def quiet_libraries() -> Iterator[None]:
    """Within it, warnings are dropped; transformers' bars and advice stay off for good.

    Errors are raised as ever. Meant for imports and loading, not for running.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import transformers

        library_logging: Any = transformers.utils.logging
        library_logging.set_verbosity_error()
        library_logging.disable_progress_bar()
        yield
