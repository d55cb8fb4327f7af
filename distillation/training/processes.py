"""Several processes of one training."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

# The main process may write soft labels of a large data set while the others wait.
_TIMEOUT = timedelta(days=7)


@contextmanager
def leave_together() -> Iterator[bool]:
    """Whether this is the main process; the others leave when it has left, too.

    Not waited for after an error: the launcher then ends the other processes.
    """
    import torch.distributed
    from accelerate import Accelerator

    # As the training makes it: the first one in a process settles what kind all are of.
    state = Accelerator()
    if state.num_processes == 1:
        yield True
        return
    # Other backends end a process that waits for some minutes.
    group = torch.distributed.new_group(backend="gloo", timeout=_TIMEOUT)
    yield state.is_main_process
    torch.distributed.barrier(group)
