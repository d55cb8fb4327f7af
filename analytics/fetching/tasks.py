"""Tasks that end with the block that began them."""

import asyncio
from collections.abc import AsyncIterator, Coroutine, Sequence
from contextlib import asynccontextmanager


@asynccontextmanager
async def cancelling(
    works: Sequence[Coroutine[None, None, None]],
) -> AsyncIterator[set[asyncio.Task[None]]]:
    """Tasks of some works; those that still go on at the end are cancelled."""
    tasks = {asyncio.ensure_future(work) for work in works}
    try:
        yield tasks
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
