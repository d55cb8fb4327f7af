"""Two threads for callers in several: one prepares requests ahead, one runs vLLM's steps.

vLLM's `LLM.generate` holds the engine until its last request ends, with few sequences
running near the end. Here requests of one call enter while those of another decode, so
that the labels of the next chunk fill the room that the last rationales of this one leave.
What a processor makes of a picture takes milliseconds, in which the model would wait; so it
is made while the model computes, for a bounded number of requests ahead.
"""

import itertools
import queue
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

from analytics.contract.errors import EngineDiedError
from analytics.engine.beats import computing

# Requests that are prepared and not entered yet: what one or two steps take up.
AHEAD = 64


@dataclass(slots=True, kw_only=True, eq=False)
class _Call:
    """The requests of one caller, and what has come back."""

    number: int
    prompts: Sequence[Any]
    sampling: Any
    future: "Future[list[Any]]" = field(default_factory=Future)
    outputs: dict[int, Any] = field(default_factory=dict)
    request_ids: list[str] = field(default_factory=list)
    is_given_up: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class _Prepared:
    """A prompt of a call as vLLM takes it, or why it could not be prepared."""

    call: _Call
    position: int
    prompt: Any = None
    fault: Exception | None = None


class RequestPump:
    """Owns an `LLM`, which is made, run and closed in a thread of its own.

    OpenMP and vLLM bind cores to the thread that they are first used in. `prepare` makes of
    the `LLM` and a prompt what vLLM's engine takes, in another thread, in the order in which
    requests enter. A step that fails ends the engine, and so do errors of the kinds `fatal`
    where requests enter.
    """

    def __init__(
        self,
        make: Callable[[], Any],
        close: Callable[[Any], None],
        *,
        prepare: Callable[[Any, Any], Any] = lambda llm, prompt: prompt,
        fatal: tuple[type[BaseException], ...] = (),
    ) -> None:
        self._make = make
        self._close = close
        self._prepare = prepare
        self._fatal = fatal
        self._waiting: queue.SimpleQueue[_Call | None] = queue.SimpleQueue()
        self._prepared: queue.SimpleQueue[_Prepared | None] = queue.SimpleQueue()
        self._room = threading.Semaphore(AHEAD)
        self._lock = threading.Lock()
        self._numbers = itertools.count()
        self._open: set[_Call] = set()
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
            EngineDiedError: the engine is gone or closed, for this call and all after it.
            Exception: what vLLM raises where it refuses a prompt.
        """
        call = _Call(number=next(self._numbers), prompts=prompts, sampling=sampling)
        with self._lock:
            if self._failure is not None:
                raise EngineDiedError(self._failure)
            if self._is_closed:  # nobody would take it up
                raise EngineDiedError("it was closed")
            if not prompts:
                return []
            self._open.add(call)
            self._waiting.put(call)
        return call.future.result()

    def close(self) -> None:
        """End the threads after the calls that have begun; the engine with them."""
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
        preparer = threading.Thread(
            target=self._prepare_all, args=(llm,), name="vllm inputs", daemon=True
        )
        preparer.start()
        self._started.set_result(llm)
        try:
            self._serve(llm)
        except BaseException as exc:  # a step failed: whoever waits must know
            self._fail(f"{type(exc).__name__}: {exc}")
        finally:
            preparer.join()
            self._close(llm)

    def _prepare_all(self, llm: Any) -> None:
        """Prepare the prompts of all calls, one by one."""
        while (call := self._waiting.get()) is not None:
            for position, prompt in enumerate(call.prompts):
                self._room.acquire()
                if call.is_given_up or self._failure is not None:
                    self._room.release()
                    break
                try:
                    done = _Prepared(
                        call=call, position=position, prompt=self._prepare(llm, prompt)
                    )
                except Exception as exc:  # what vLLM's processors refuse
                    done = _Prepared(call=call, position=position, fault=exc)
                self._prepared.put(done)
        self._prepared.put(None)

    def _serve(self, llm: Any) -> None:
        owners: dict[str, tuple[_Call, int]] = {}
        is_ending = False
        while owners or not is_ending:
            # With nothing to compute it waits for the next request.
            while not is_ending and (not owners or not self._prepared.empty()):
                one = self._prepared.get()
                if one is None:
                    is_ending = True
                else:
                    self._room.release()
                    self._enter(llm, one, owners)
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
                    self._open.discard(call)
                    call.future.set_result([call.outputs[i] for i in range(len(call.prompts))])

    def _enter(self, llm: Any, one: _Prepared, owners: dict[str, tuple[_Call, int]]) -> None:
        """Hand one prompt over; where that fails, its call has failed."""
        call = one.call
        if call.is_given_up:
            return
        name = f"{call.number}.{one.position}"
        try:
            if one.fault is not None:
                raise one.fault
            request_id = llm.llm_engine.add_request(name, one.prompt, call.sampling)
        except self._fatal:
            raise
        except Exception as exc:
            call.is_given_up = True
            llm.llm_engine.abort_request(call.request_ids, internal=True)
            for entered in [entered for entered, (owner, _) in owners.items() if owner is call]:
                del owners[entered]
            self._open.discard(call)
            call.future.set_exception(exc)
            return
        call.request_ids.append(request_id)
        owners[name] = (call, one.position)

    def _fail(self, reason: str) -> None:
        with self._lock:
            self._failure = reason
            calls, self._open = self._open, set()
        self._waiting.put(None)
        self._room.release()  # whoever waits for room sees the failure
        for call in calls:
            call.future.set_exception(EngineDiedError(reason))
