"""``extract``, ``extract_batch`` and ``load``: the whole way of a text, from language to entities."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING, Literal, cast

from finextract.entities import Entity, Extraction

if TYPE_CHECKING:
    from spacy.language import Language

    from finextract.companies.encoder import Names

Model = Literal["auto", "encoder", "fast", "small", "none"]
MODELS: tuple[Model, ...] = ("auto", "encoder", "fast", "small", "none")
Date = str | datetime.date | None


@dataclass(frozen=True, slots=True)
class ExtractionError:
    """What stands in the place of an extraction that failed: a stable ``code``, a ``message``, and the ``field`` that is wrong."""

    code: str
    message: str
    field: str | None = None

    def to_dict(self) -> dict[str, str]:
        out = {"code": self.code, "message": self.message}
        if self.field:
            out["field"] = self.field
        return out


def check_text(text: object) -> str:
    """The text itself; raises TypeError or ValueError (codes X103, X104) where it is none that can be read."""
    if not isinstance(text, str):
        raise TypeError(f"[X103] text: a string is expected, not {type(text).__name__}")
    if not text.isascii():
        try:
            text.encode("utf-8")
        except UnicodeEncodeError as error:
            raise ValueError(
                f"[X104] text: character {error.start} is a lone surrogate (U+{ord(text[error.start]):04X})"
            ) from None
    return text


def resolve_model(model: str, lang: str) -> Model:
    """``auto`` to what it stands for: the encoder where it is installed, else the small pipeline, else no model."""
    from finextract.companies.paths import find_model

    if model not in MODELS:
        raise ValueError(f"[X105] model: {model!r} is none of {', '.join(MODELS)}")
    if model != "auto":
        return cast(Model, model)
    for name, tier in (("xx_fin_news_e5", "encoder"), (f"{lang}_fin_news_sm", "small")):
        try:
            find_model(name)
        except (FileNotFoundError, ValueError):
            continue
        return cast(Model, tier)
    return "none"


def language_of(text: str, lang: str | None) -> str:
    """The language given, checked, or the one the text is in."""
    from finextract.languages.identify import LANGUAGES, LanguageError, identify

    if lang is None:
        return identify(text)
    if lang not in LANGUAGES:
        raise LanguageError("LANG004", f"lang: {lang!r} is none of {', '.join(LANGUAGES)}")
    return lang


@lru_cache(maxsize=8)
def _small(lang: str) -> Language:
    import spacy

    from finextract.companies.paths import find_model

    return spacy.load(find_model(f"{lang}_fin_news_sm"))


def _entities(
    texts: Sequence[str], langs: Sequence[str], dates: Sequence[Date], model: str
) -> Iterator[tuple[Entity, ...]]:
    """Entities of texts whose languages are known, in order."""
    from finextract.companies.join import as_names, join_companies
    from finextract.companies.reread import names_by
    from finextract.quantities import read

    tiers = [resolve_model(model, lang) for lang in langs]
    encoded: dict[int, Names] = {}
    for network in ("encoder", "fast"):
        chosen = [i for i, tier in enumerate(tiers) if tier == network]
        if chosen:
            found = names_by(network, [texts[i] for i in chosen], [langs[i] for i in chosen])
            encoded.update(zip(chosen, found, strict=True))
    for i, (text, lang, date) in enumerate(zip(texts, langs, dates, strict=True)):
        quantities = read(text, lang, date)
        if tiers[i] == "small":
            from finextract.pipeline.small import small_model_companies

            encoded[i] = as_names(small_model_companies(_small(lang), text, quantities), len(text))
        yield tuple(join_companies(text, lang, quantities, encoded.get(i), tiers[i]))


def extract(text: str, *, lang: str | None = None, date: Date = None, model: str = "auto") -> Extraction:
    """Everything found in one text.

    ``lang`` is ja, de, ko, zh or en, or None to tell it from the text; ``date`` is the document's (YYYY-MM-DD), by which
    deictic and bare quarters get their year. ``model`` chooses who finds unlisted companies: ``encoder`` (the most
    accurate), ``fast`` (a small network taught by the encoder, which reads again where it is in doubt), ``small`` (the spaCy pipeline of the language), ``none`` (grammar and knowledge base only), or ``auto``, the
    best that is installed.

    Raises TypeError or ValueError (:class:`LanguageError` for a language that cannot be told or handled).
    """
    from finextract.quantities import parse_date

    check_text(text)
    day = parse_date(date)
    code = language_of(text, lang)
    (entities,) = _entities([text], [code], [day], model)
    return Extraction(text, code, entities, day.isoformat() if day else None)


def _try(text: object, lang: str | None, date: Date) -> tuple[str, str, datetime.date | None] | ExtractionError:
    from finextract.quantities import parse_date

    try:
        good = check_text(text)
        day = parse_date(date)
        return good, language_of(good, lang), day
    except (TypeError, ValueError) as error:
        message = str(error)
        code, _, rest = message.partition(": ") if not message.startswith("[") else (message[1:5], "", message[7:])
        field = "date" if code == "X102" else "lang" if code == "LANG004" else "text"
        return ExtractionError(code, rest or message, field)


def extract_chunk(
    items: Sequence[tuple[object, str | None, Date]], model: str = "auto"
) -> list[Extraction | ExtractionError]:
    """Extractions of ``(text, lang, date)`` triples, in order; a bad one gives an :class:`ExtractionError` in its place."""
    resolve_model(model, "ja")
    read = [_try(*item) for item in items]
    good = [r for r in read if not isinstance(r, ExtractionError)]
    results: Iterator[Extraction | ExtractionError]
    try:
        entities = list(_entities([g[0] for g in good], [g[1] for g in good], [g[2] for g in good], model))
    except (OSError, ImportError):  # a model or a library is missing: no fault of the documents
        raise
    except Exception as error:
        if len(items) == 1:
            return [ExtractionError("X190", f"{type(error).__name__}: {error}", "text")]
        return [one for item in items for one in extract_chunk([item], model)]
    results = (
        Extraction(t, code, e, day.isoformat() if day else None)
        for (t, code, day), e in zip(good, entities, strict=True)
    )
    return [r if isinstance(r, ExtractionError) else next(results) for r in read]


def extract_batch(
    texts: Iterable[str],
    *,
    lang: str | None = None,
    date: Date = None,
    model: str = "auto",
    batch_size: int = 32,
    n_process: int = 1,
) -> Iterator[Extraction | ExtractionError]:
    """Extractions of many texts, lazily and in order; equal to calling :func:`extract` on each.

    A text that cannot be handled gives an :class:`ExtractionError` in its place. ``n_process`` above 1 uses that many
    worker processes.
    """
    if n_process > 1:
        from finextract.parallel import run

        yield from run(((text, lang, date) for text in texts), model=model, batch_size=batch_size, n_process=n_process)
        return
    source = iter(texts)
    while chunk := list(islice(source, batch_size)):
        yield from extract_chunk([(text, lang, date) for text in chunk], model)


def load(lang: str, *, model: str = "auto") -> Language:
    """A spaCy pipeline whose ``Doc.ents`` are what :func:`extract` finds; ``doc._.date`` sets the document's date."""
    from finextract.pipeline.assembly import assemble

    language_of("", lang)
    tier = resolve_model(model, lang)
    return _small(lang) if tier == "small" else assemble(lang, network=tier)
