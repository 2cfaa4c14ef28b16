"""Documents to results, in order, a chunk at a time, in this process or in several."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from itertools import chain

from finextract.entities import Extraction
from finextract.extractor import Date, ExtractionError, extract_chunk
from finextract.io.documents import Document, Fault
from finextract.io.results import Result

CHUNK_DOCUMENTS = 32
CHUNK_CHARACTERS = 200_000


def run(
    documents: Iterable[Document],
    *,
    lang: str | None = None,
    date: str | None = None,
    model: str = "auto",
    processes: int = 1,
    batch_size: int = CHUNK_DOCUMENTS,
) -> Iterator[Result]:
    """The result of each document; ``lang`` and ``date`` are for those that have none of their own.

    Documents are read ahead only as far as the chunks in work need it.
    """
    waiting: deque[Document] = deque()

    def triples() -> Iterator[tuple[object, str | None, str | None]]:
        for document in documents:
            waiting.append(document)
            if document.fault is None and not document.blank:
                yield document.text, document.lang or lang, document.date or date

    found = outcomes(triples(), model=model, batch_size=batch_size, n_process=processes)
    for extraction in found:
        while (document := waiting.popleft()).fault is not None or document.blank:
            yield document, document.fault
        if isinstance(extraction, Extraction):
            yield document, extraction
        else:
            document.fault = Fault(
                extraction.code, extraction.message, extraction.field, document.column_of(extraction.field)
            )
            yield document, document.fault
    for document in waiting:
        yield document, document.fault


def outcomes(
    items: Iterable[tuple[object, str | None, Date]], *, model: str, batch_size: int, n_process: int
) -> Iterator[Extraction | ExtractionError]:
    """What comes of each ``(text, lang, date)``, lazily and in order."""
    if n_process > 1:
        from finextract.parallel import run as run_parallel

        return run_parallel(items, model=model, batch_size=batch_size, n_process=n_process)
    return chain.from_iterable(extract_chunk(chunk, model) for chunk in chunks(items, batch_size))


def chunks(
    items: Iterable[tuple[object, str | None, Date]], batch_size: int
) -> Iterator[list[tuple[object, str | None, Date]]]:
    """Lists of at most ``batch_size`` items, cut earlier where the texts are long."""
    chunk: list[tuple[object, str | None, Date]] = []
    characters = 0
    for item in items:
        chunk.append(item)
        characters += len(item[0]) if isinstance(item[0], str) else 0
        if len(chunk) >= batch_size or characters >= CHUNK_CHARACTERS:
            yield chunk
            chunk, characters = [], 0
    if chunk:
        yield chunk
