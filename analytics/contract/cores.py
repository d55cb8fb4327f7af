"""How many cores there are for this process."""

import os


def count_cores() -> int:
    """The cores that this process may use, which a container can make fewer."""
    if hasattr(os, "sched_getaffinity"):  # not on macOS
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
