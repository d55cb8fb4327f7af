"""One thread that runs vLLM, for callers in several: their requests share its steps.

vLLM's `LLM.generate` holds the engine until its last request ends, with few sequences
running near the end. Here requests of one call enter while those of another decode, so
that the labels of the next chunk fill the room that the last rationales of this one leave.
"""

import queue
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

from analytics.contract.errors import EngineDiedError
from analytics.engine.beats import computing

# Requests that enter between two steps: preparing a picture takes a millisecond or two,
# in which what runs already would wait.
_ENTER_AT_ONCE = 8


@dataclass(slots=True, kw_only=True)
class _Call:
    """The requests of one caller, and what has come back."""

    prompts: Sequence[Any]
    sampling: Any
    future: "Future[list[Any]]" = field(default_factory=Future)
    outputs: dict[int, Any] = field(default_factory=dict)
    request_ids: list[str] = field(default_factory=list)


class RequestPump:
    """Owns an `LLM`, which is made, run and closed in a thread of its own.

    OpenMP and vLLM bind cores to the thread that they are first used in. A step that
    fails ends the engine, and so do errors of the kinds `fatal` where requests enter.
    """

    def __init__(
        self,
        make: Callable[[], Any],
        close: Callable[[Any], None],
        *,
        fatal: tuple[type[BaseException], ...] = (),
    ) -> None:
        self._make = make
        self._close = close
        self._fatal = fatal
        self._waiting: queue.SimpleQueue[_Call | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._failure: str | None = None
        self._is_closed = False
        self._started: Future[Any] = Future()
        self._thread = threading.Thread(target=self._run, name="vllm", daemon=True)

    def start(self) -> Any:
        """Make the `LLM` and give it back; what making it raises is raised here."""
        self._thread.start()
        return self._started.result()

    def ask(self, prompts: Sequence[Any], sampling: Any) -> list[Any]:
        """The outputs of some prompts, in order. Any number of threads may ask.

        Raises:
            EngineDiedError: the engine is gone, for this call and all after it.
            Exception: what vLLM raises where it refuses a prompt.
        """
        call = _Call(prompts=prompts, sampling=sampling)
        with self._lock:
            if self._failure is not None:
                raise EngineDiedError(self._failure)
            self._waiting.put(call)
        return call.future.result()

    def close(self) -> None:
        """End the thread after the calls that have begun; the engine with it."""
        with self._lock:
            if self._is_closed:
                return
            self._is_closed = True
            self._waiting.put(None)
        self._thread.join()

    def _run(self) -> None:
        try:
            llm = self._make()
        except BaseException as exc:
            self._started.set_exception(exc)
            return
        self._started.set_result(llm)
        calls: list[_Call] = []
        try:
            self._serve(llm, calls)
        except BaseException as exc:  # a step failed: whoever waits must know
            self._fail(f"{type(exc).__name__}: {exc}", calls)
        finally:
            self._close(llm)

    def _serve(self, llm: Any, calls: list[_Call]) -> None:
        owners: dict[str, tuple[_Call, int]] = {}
        is_ending = False
        while not is_ending or calls:
            while not is_ending and (not calls or not self._waiting.empty()):
                call = self._waiting.get()
                if call is None:
                    is_ending = True
                elif call.prompts:
                    calls.append(call)
                else:
                    call.future.set_result([])
            entering = next((c for c in calls if len(c.request_ids) < len(c.prompts)), None)
            if entering is not None and not self._enter(llm, entering, owners):
                calls.remove(entering)
            if not llm.llm_engine.has_unfinished_requests():
                continue
            with computing():
                outputs = llm.llm_engine.step()
            for output in outputs:
                # One of a call that was given up belongs to nobody.
                if not output.finished or (owner := owners.pop(output.request_id, None)) is None:
                    continue
                call, position = owner
                call.outputs[position] = output
                if len(call.outputs) == len(call.prompts):
                    calls.remove(call)
                    call.future.set_result([call.outputs[i] for i in range(len(call.prompts))])

    def _enter(self, llm: Any, call: _Call, owners: dict[str, tuple[_Call, int]]) -> bool:
        """Hand some of a call's prompts over; False where the call has failed."""
        first = len(call.request_ids)
        try:
            ids = llm.enqueue(
                call.prompts[first : first + _ENTER_AT_ONCE], call.sampling, use_tqdm=False
            )
        except self._fatal:
            raise
        except Exception as exc:
            llm.llm_engine.abort_request(call.request_ids, internal=True)
            for name in [name for name, (owner, _) in owners.items() if owner is call]:
                del owners[name]
            call.future.set_exception(exc)
            return False
        call.request_ids += ids
        for position, request_id in enumerate(ids, start=first):
            # Outputs go by the id without the random ending that vLLM adds.
            owners[request_id.rpartition("-")[0] or request_id] = (call, position)
        return True

    def _fail(self, reason: str, calls: list[_Call]) -> None:
        with self._lock:
            self._failure = reason
            while not self._waiting.empty():
                if (call := self._waiting.get()) is not None:
                    calls.append(call)
        for call in calls:
            call.future.set_exception(EngineDiedError(reason))
