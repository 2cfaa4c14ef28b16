"""Extraction in several processes: in order, lazy, and no document is lost when a process dies.

Each worker is a fresh interpreter (nothing is forked, and the caller's ``__main__`` is not imported again, so it works from
scripts, notebooks and stdin alike) that speaks marshal over its stdin and stdout, for the parent, which serves all of them,
should do as little as it can. A worker that dies is reported; its documents
are tried again once, one by one, so that only one that kills a worker twice ends as an :class:`ExtractionError` (X191).
"""

from __future__ import annotations

import contextlib
import datetime
import logging
import marshal
import os
import queue
import signal
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import fields
from decimal import Decimal
from itertools import islice
from operator import attrgetter
from typing import TYPE_CHECKING, Any, BinaryIO, Union

from finextract.entities import VALUE_TYPES, Entity, Extraction, Label

if TYPE_CHECKING:
    from finextract.extractor import Date, ExtractionError

Item = tuple[object, str | None, "Date"]
Outcome = Union[Extraction, "ExtractionError"]

CHUNK_CHARACTERS = 200_000
"""Chunks are cut at this many characters too, so that memory stays bounded where texts are long."""
IN_FLIGHT = 2
"""Chunks handed to a worker at a time: the second is there when the first is done."""
AHEAD = 4
"""Chunks read for each worker, finished ones that wait for their turn included."""

# Without the current folder on the path, which -c puts there: a module of the user's must not stand in for another.
_START = "import sys; sys.path[:] = filter(None, sys.path); from finextract.parallel import serve; serve()"

log = logging.getLogger("finextract")


class WorkerError(RuntimeError):
    """A worker process could not start at all (code X192)."""


class _Chunk:
    """Some documents in work, and what has come of them."""

    __slots__ = ("items", "results", "single", "todo")

    def __init__(self, items: list[Item]) -> None:
        self.items = items
        self.results: dict[int, Outcome] = {}
        self.todo: list[int] = []
        self.single = False
        """Whether its documents are sent one by one, for a worker died over them."""

    @property
    def done(self) -> bool:
        return len(self.results) == len(self.items)


class _Worker:
    """One process, and a thread that carries its answers to the queue of all."""

    def __init__(self, number: int, model: str, answers: queue.SimpleQueue[tuple[_Worker, Any]]) -> None:
        self.number = number
        self.ready = False
        self.work: deque[tuple[_Chunk, list[int]]] = deque()
        environment = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join(p or os.getcwd() for p in sys.path),
            "PYTHONUTF8": "1",
        }
        environment.setdefault("OMP_NUM_THREADS", "1")
        # Ctrl-C goes to all processes of a terminal. The worker begins with the signal blocked, then ignores it: the parent
        # is the one that stops it.
        blocked = hasattr(signal, "pthread_sigmask")
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT}) if blocked else None
        try:
            self.process = subprocess.Popen(
                [sys.executable, "-c", _START, model],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                env=environment,
            )
        finally:
            if before is not None:
                signal.pthread_sigmask(signal.SIG_SETMASK, before)
        self._thread = threading.Thread(target=self._listen, args=(answers,), daemon=True, name=f"finextract-{number}")
        self._thread.start()

    def _listen(self, answers: queue.SimpleQueue[tuple[_Worker, Any]]) -> None:
        assert self.process.stdout is not None
        try:
            for answer in _receive(self.process.stdout):
                answers.put((self, answer))
        except (OSError, ValueError):
            pass
        answers.put((self, None))

    def send(self, chunk: _Chunk, places: list[int]) -> None:
        """Hand over the documents at these places of the chunk; a worker that is dead already is noticed by its thread."""
        self.work.append((chunk, places))
        assert self.process.stdin is not None
        with contextlib.suppress(OSError):
            _send(self.process.stdin, [_plain(chunk.items[i]) for i in places])

    def stop(self) -> None:
        """End the process and wait for it."""
        self.process.kill()
        self.process.wait()
        for stream in (self.process.stdin, self.process.stdout):
            if stream is not None:
                with contextlib.suppress(OSError):
                    stream.close()


def run(items: Iterable[Item], *, model: str = "auto", batch_size: int = 32, n_process: int = 2) -> Iterator[Outcome]:
    """The outcome of each ``(text, lang, date)`` in order; items are read only a few chunks ahead of what is taken.

    Raises ValueError for a model that is none, and :class:`WorkerError` where no worker can start or the model is not
    installed. Whatever way it ends, no process is left behind.
    """
    from finextract.extractor import resolve_model

    resolve_model(model, "ja")
    source = _chunks(iter(items), max(1, batch_size))
    answers: queue.SimpleQueue[tuple[_Worker, Any]] = queue.SimpleQueue()
    workers: list[_Worker] = []
    started = stillborn = 0
    line: deque[_Chunk] = deque()  # chunks in the order of the input
    again: deque[tuple[_Chunk, list[int]]] = deque()
    open_source = True

    def fill() -> None:
        nonlocal open_source, started
        while True:
            free = [w for w in workers if len(w.work) < (IN_FLIGHT if not again else 1)]
            if not free and len(workers) >= n_process:
                return
            if again:
                chunk, places = again.popleft()
            elif open_source and len(line) < AHEAD * n_process:
                found = next(source, None)
                if found is None:
                    open_source = False
                    return
                line.append(chunk := found)
                places = chunk.todo
                if not places:
                    continue
            else:
                return
            if len(workers) < n_process and all(w.work for w in workers):
                workers.append(_Worker(started, model, answers))
                started += 1
                worker = workers[-1]
            else:
                worker = min(free, key=lambda w: len(w.work))
            worker.send(chunk, places)

    try:
        fill()
        while line:
            while line and line[0].done:
                chunk = line.popleft()
                for k in range(len(chunk.items)):
                    yield chunk.results[k]
                fill()
            if not line:
                fill()
                continue
            worker, answer = answers.get()
            if answer is None:
                workers.remove(worker)
                how = _end(worker)
                if worker.ready:
                    _rescue(worker, how, again)
                elif stillborn:
                    raise WorkerError(f"[X192] worker processes do not start ({how}); what they said is on stderr")
                else:
                    stillborn += 1
                    log.warning("finextract: a worker process died at its start (%s); another is started", how)
                    again.extend(worker.work)
            elif answer == "ready":
                worker.ready = True
                stillborn = 0
            elif isinstance(answer, dict):
                raise WorkerError(f"[X193] {answer['fatal']}")
            else:
                chunk, places = worker.work.popleft()
                for k, outcome in zip(places, answer, strict=True):
                    chunk.results[k] = _outcome(chunk.items[k], outcome)
            fill()
    finally:
        for worker in workers:
            worker.stop()


def _end(worker: _Worker) -> str:
    """Clear up after a worker that died; how it did."""
    with contextlib.suppress(subprocess.TimeoutExpired):
        worker.process.wait(5)
    worker.stop()
    status = worker.process.returncode
    return f"signal {signal.Signals(-status).name}" if status < 0 else f"exit code {status}"


def _rescue(worker: _Worker, how: str, again: deque[tuple[_Chunk, list[int]]]) -> None:
    """Report that a worker died, and put what it had in hand in line again."""
    from finextract.extractor import ExtractionError

    if not worker.work:
        log.warning("finextract: a worker process died without work (%s)", how)
        return
    first, places = worker.work.popleft()
    if first.single:
        first.results[places[0]] = ExtractionError(
            "X191", f"the worker process died twice over this text ({how})", "text"
        )
        log.warning("finextract: a worker process died again over one document (%s), which is given up", how)
    else:
        first.single = True
        again.extend((first, [k]) for k in places)
        log.warning(
            "finextract: a worker process died (%s); its %d documents are tried again, one by one", how, len(places)
        )
    again.extend(worker.work)  # these waited in the dead worker's pipe and were not tried yet


def _chunks(items: Iterator[Item], batch_size: int) -> Iterator[_Chunk]:
    while True:
        taken: list[Item] = []
        characters = 0
        for item in islice(items, batch_size):
            taken.append(item)
            characters += len(item[0]) if isinstance(item[0], str) else 0
            if characters >= CHUNK_CHARACTERS:
                break
        if not taken:
            return
        chunk = _Chunk(taken)
        for k, (text, lang, date) in enumerate(taken):
            day_like = date is None or isinstance(date, (str, datetime.date))
            if isinstance(text, str) and isinstance(lang, (str, type(None))) and day_like:
                chunk.todo.append(k)
            else:  # sure to fail: it does so here as well, and need not survive the journey
                from finextract.extractor import extract_chunk

                chunk.results[k] = extract_chunk([taken[k]])[0]
        yield chunk


def _plain(item: Item) -> tuple[Any, ...]:
    """The item in types that marshal knows: it takes no subclass of str, such as numpy's."""
    text, lang, date = item
    if isinstance(date, datetime.date):
        date = date.isoformat()
    return tuple([str.__str__(v) if isinstance(v, str) else v for v in (text, lang, date)])


def _outcome(item: Item, answer: tuple[Any, ...]) -> Outcome:
    if answer[0] is None:
        from finextract.extractor import ExtractionError

        return ExtractionError(*answer[1:])
    lang, date, entities = answer
    text = item[0]
    assert isinstance(text, str)
    return Extraction(text, lang, tuple([_entity(text, *packed) for packed in entities]), date)


def _entity(text: str, start: int, end: int, label: Label, source: str, value: tuple[Any, ...] | None) -> Entity:
    """What :func:`_packed` made flat; numbers come as one-tuples of their string."""
    if value is None:
        return Entity(start, end, label, text[start:end], None, source)
    kind: Any = VALUE_TYPES[label]
    made = kind(*[Decimal(*v) if type(v) is tuple else v for v in value])
    return Entity(start, end, label, text[start:end], made, source)


# -- the worker's side ------------------------------------------------------------------------------------------------


def serve() -> None:
    """Answer chunks from stdin on stdout until stdin closes; what anything prints goes to stderr."""
    if hasattr(signal, "pthread_sigmask"):
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    requests = os.fdopen(os.dup(0), "rb")
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    model = sys.argv[1]
    inbox: queue.SimpleQueue[Any] = queue.SimpleQueue()

    def listen() -> None:
        # Reading ahead keeps the parent from waiting for this process while this process waits for the parent. When the
        # parent is gone there is nobody to work for.
        try:
            for request in _receive(requests):
                inbox.put(request)
        finally:
            os._exit(0)

    from finextract.extractor import extract_chunk

    threading.Thread(target=listen, daemon=True).start()
    _send(answers, "ready")
    while True:
        items = [(text, lang, date) for text, lang, date in inbox.get()]
        out: list[Any] = []
        try:
            outcomes = extract_chunk(items, model)
        except (OSError, ImportError) as error:  # no fault of the documents: a model or a library is missing
            _send(answers, {"fatal": f"{type(error).__name__}: {error}"})
            continue
        for outcome in outcomes:
            if isinstance(outcome, Extraction):
                out.append((outcome.lang, outcome.date, [_packed(e) for e in outcome.entities]))
            else:
                out.append((None, outcome.code, outcome.message, outcome.field))
        _send(answers, out)


_FIELDS = {label: attrgetter(*(f.name for f in fields(kind))) for label, kind in VALUE_TYPES.items()}


def _packed(entity: Entity) -> tuple[Any, ...]:
    """An entity without its text, of plain types only; the number 1.50 is ``("1.50",)``."""
    value = entity.value
    if value is None:
        return entity.start, entity.end, entity.label, entity.source, None
    flat = tuple([(str(v),) if type(v) is Decimal else v for v in _FIELDS[entity.label](value)])
    return entity.start, entity.end, entity.label, entity.source, flat


def _send(stream: BinaryIO | Any, value: Any) -> None:
    data = marshal.dumps(value)
    stream.write(len(data).to_bytes(8, "big") + data)
    stream.flush()


def _receive(stream: BinaryIO | Any) -> Iterator[Any]:
    while len(head := stream.read(8)) == 8:
        size = int.from_bytes(head, "big")
        data = stream.read(size)
        if len(data) < size:
            return
        yield marshal.loads(data)
