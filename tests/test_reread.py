"""The fast tier's second look: which sentences are read again, and that the answers come back to their places."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from finextract import extract
from finextract.companies.encoder import N_TAGS, Names, tag
from finextract.companies.reread import (
    FIRST_SHARE,
    Rereader,
    doubts,
    load_limits,
    load_rereader,
    mixed,
    names_by,
    sentences,
)
from finextract.companies.weigh import Weights

FIRST = "Der Umsatz stieg im Mai. "
SECOND = "Die Kette Borstel eröffnet zehn Läden. "
THIRD = "Mehr war nicht zu erfahren."


def certain(size: int) -> np.ndarray:
    """Nothing in any of ``size`` characters."""
    out = np.full((size, N_TAGS), np.log(1e-6), np.float32)
    out[:, 0] = 0.0
    return out


def name(logp: np.ndarray, start: int, end: int, how_sure: float) -> None:
    """A company's name in ``[start, end)``."""
    tags = [tag(0, 0), *[tag(0, 1)] * (end - start - 2), tag(0, 2)]
    logp[np.arange(start, end), tags] = np.log(how_sure)
    logp[start:end, 0] = np.log(1 - how_sure)


class Fake:
    """A network that finds ``word`` with some certainty, and remembers what it was asked."""

    def __init__(self, word: str, how_sure: float) -> None:
        self.word, self.how_sure = word, how_sure
        self.asked: list[str] = []

    def read(self, texts: Sequence[str], langs: Sequence[str]) -> list[np.ndarray]:
        assert set(langs) <= {"de", "en"}
        out = []
        for text in texts:
            self.asked.append(text)
            logp = certain(len(text))
            at = text.find(self.word)
            if at >= 0:
                name(logp, at, at + len(self.word), self.how_sure)
            out.append(logp)
        return out


def read(first: Fake, second: Fake, text: str, limit: float = 0.01, bias: float = -20, lang: str = "de") -> Names:
    """``bias`` below zero: no candidate is one once all is joined, so that only the first network's own doubt counts."""
    network = Rereader(first.read, second.read, {"de": limit}, lambda lang: Weights({"bias": bias}, 0.5))
    (found,) = network.predict([text], [lang])
    return found


@given(st.text(alphabet="aß가。.!\n” 日5", max_size=80))
@settings(max_examples=200, deadline=None)
def test_sentences_are_the_whole_text(text: str) -> None:
    found = sentences(text)
    assert "".join(text[start:end] for start, end in found) == text
    assert all(a[1] == b[0] for a, b in zip(found, found[1:], strict=False))
    assert all(end - start >= 12 for start, end in found) or len(found) == 1


@pytest.mark.parametrize(
    ("text", "number"),
    [
        (FIRST + SECOND + THIRD, 3),
        ("売上高は前年から増えた。利益は前年並みだったという。", 2),
        ("매출이 지난해보다 늘었다고 했다.이익은 지난해와 비슷했다고 한다.", 2),
        ("Dr. Oetker und die St. Galler wuchsen um 1.5 Prozent", 1),  # no sentence ends within a name or a number
    ],
)
def test_sentences_end_where_a_reader_ends_them(text: str, number: int) -> None:
    assert len(sentences(text)) == number


def test_only_the_doubtful_sentence_is_read_again() -> None:
    first, second = Fake("Borstel", 0.5), Fake("Borstel", 0.99)
    found = read(first, second, FIRST + SECOND + THIRD)
    start = len(FIRST) + SECOND.index("Borstel")
    assert second.asked == [SECOND]
    assert [(s.start, s.end, s.label) for s in found] == [(start, start + 7, "COMPANY")]
    both = 0.99 - FIRST_SHARE * (0.99 - 0.5)
    assert found.company[start] == pytest.approx(both, abs=1e-3)
    assert 0.5 < found[0].score <= both + 1e-3
    assert max(found.company[:start]) < 0.01


def test_two_readings_are_mixed_by_their_probabilities() -> None:
    logp = mixed(np.log(np.array([[0.4, 0.6]], np.float32)), np.log(np.array([[0.8, 0.2]], np.float32)))
    assert np.exp(logp)[0] == pytest.approx([0.8 - 0.4 * FIRST_SHARE, 0.2 + 0.4 * FIRST_SHARE])
    assert logp.dtype == np.float32


def test_the_second_reading_counts_also_where_it_finds_nothing() -> None:
    assert not list(read(Fake("Borstel", 0.6), Fake("Kette", 1e-6), FIRST + SECOND))


def test_doubtful_sentences_are_read_together() -> None:
    text = SECOND + FIRST + SECOND
    first, second = Fake("Borstel", 0.5), Fake("Borstel", 0.99)
    name_again = len(SECOND + FIRST) + SECOND.index("Borstel")

    class Both(Fake):
        def read(self, texts: Sequence[str], langs: Sequence[str]) -> list[np.ndarray]:
            (logp,) = super().read(texts, langs)
            name(logp, name_again, name_again + 7, 0.5)
            return [logp]

    found = read(Both("Borstel", 0.5), second, text)
    assert second.asked == [SECOND + SECOND]
    assert first.asked == []
    assert found[0].start == SECOND.index("Borstel")


def test_without_doubt_the_second_network_is_not_asked() -> None:
    second = Fake("Borstel", 0.99)
    found = read(Fake("Borstel", 0.999), second, FIRST + SECOND + THIRD)
    assert second.asked == []
    assert len(found) == 1


def test_doubt_is_the_expected_error_by_the_character() -> None:
    logp = certain(len(SECOND))
    name(logp, 10, 17, 0.5)
    ((start, end, doubt),) = doubts(SECOND, logp, {(10, 17): 0.9})
    assert (start, end) == (0, len(SECOND))
    assert doubt == pytest.approx(
        (2 * 0.25 + 2 * 0.09) / len(SECOND), abs=1e-4
    )  # where it begins and ends, and whether it is one


def test_what_all_evidence_leaves_in_doubt_is_read_again_though_the_network_is_sure() -> None:
    first, second = Fake("Borstel", 0.999), Fake("Borstel", 0.99)
    read(first, second, FIRST + SECOND, bias=0)
    assert second.asked == [SECOND]


def test_the_evidence_that_was_gathered_is_that_of_the_last_reading() -> None:
    found = read(Fake("Borstel", 0.6), Fake("Kette", 0.99), SECOND)
    assert found.document is not None
    assert [SECOND[start:end] for start, end in found.document.model] == ["Kette"]


def test_the_limits_that_are_shipped() -> None:
    assert set(load_limits()) == {"ja", "de", "ko", "zh"}
    assert all(0 < limit < 0.25 for limit in load_limits().values())


def test_english_has_the_limit_of_german() -> None:
    second = Fake("Borstel", 0.99)
    assert read(Fake("Borstel", 0.5), second, FIRST + SECOND, lang="en")
    assert second.asked == [SECOND]
    (found,) = names_by("fast", ["Shares of Halvorsen Marine Inc. rose."], ["en"])
    assert [(s.start, s.end) for s in found if s.label == "COMPANY"] == [(10, 31)]


def test_other_texts_do_not_matter() -> None:
    texts = [
        "米エヌビディアと東海林精機は2日、提携を発表した。",
        "",
        "宁德时代与三只松鼠、向日葵的故事。",
        "Kette Borstel, Ali-Auktion.",
    ]
    langs = ["ja", "de", "zh", "de"]
    together = load_rereader().predict(texts, langs)
    alone = [load_rereader().predict([text], [lang])[0] for text, lang in zip(texts, langs, strict=True)]
    assert together == alone
    assert [n.company for n in together] == [n.company for n in alone]


def test_the_fast_tier_takes_less_than_the_encoder_to_agree_with_it() -> None:
    """Where both networks are sure nothing is read again, and the answer is the same."""
    text = "Siemens und die Deutsche Telekom steigerten den Gewinn im zweiten Quartal deutlich."
    assert [e.text for e in extract(text, lang="de", model="fast").entities] == [
        e.text for e in extract(text, lang="de", model="encoder").entities
    ]
