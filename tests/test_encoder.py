"""The company encoder: decoding, windows and offsets, then the shipped model on texts that are hard on offsets."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from finextract.companies import paths
from finextract.companies.encoder import (
    N_TAGS,
    CompanyEncoder,
    _allowed,
    best_tags,
    characters,
    held,
    piece_of_character,
    read_by,
    spans,
    tag,
    window_held,
    windows,
)
from finextract.companies.join import known_names
from finextract.companies.text import without_capitals


@pytest.fixture(scope="module")
def encoder() -> CompanyEncoder:
    return CompanyEncoder.load()


def log_probabilities(best: list[int], certainty: float = 0.9) -> np.ndarray:
    out = np.full((len(best), N_TAGS), (1 - certainty) / (N_TAGS - 1))
    out[np.arange(len(best)), best] = certainty
    return np.log(out).astype(np.float32)


@given(st.lists(st.integers(0, 10_000), min_size=1, max_size=4))
@settings(max_examples=60, deadline=None)
def test_best_tags_equals_trying_every_sequence(seeds: list[int]) -> None:
    """Exhaustive over the tags of one class and a second one, which is where a search could go wrong."""
    tags = [0, *(tag(0, p) for p in range(4)), *(tag(1, p) for p in range(4))]
    logp = np.full((len(seeds), N_TAGS), -30.0, np.float32)
    for k, seed in enumerate(seeds):
        logp[k, tags] = np.log(np.random.default_rng(seed).dirichlet(np.full(len(tags), 0.4)) + 1e-9)
    follow, begins, ends = _allowed()

    def valid(s: tuple[int, ...]) -> bool:
        return bool(begins[s[0]] and ends[s[-1]] and all(follow[a, b] for a, b in itertools.pairwise(s)))

    score = max(
        sum(logp[k, t] for k, t in enumerate(s)) for s in itertools.product(tags, repeat=len(seeds)) if valid(s)
    )
    found = best_tags(logp)
    assert valid(tuple(int(t) for t in found))
    assert sum(logp[k, t] for k, t in enumerate(found)) == pytest.approx(score, abs=1e-4)


def test_spans_of_whole_names() -> None:
    logp = log_probabilities([0, tag(0, 0), tag(0, 1), tag(0, 2), tag(0, 3), tag(2, 0), tag(2, 2), 0])
    assert [(s, e, c) for s, e, c, _ in spans(logp)] == [(1, 4, 0), (4, 5, 0), (5, 7, 2)]
    assert all(0.85 < score <= 1 for *_, score in spans(logp))


def test_a_broken_name_is_mended() -> None:
    # begin without end, then an end alone: no name may come out half
    logp = log_probabilities([tag(0, 0), 0, 0, tag(0, 2)], certainty=0.6)
    for start, end, _, _ in spans(logp):
        assert 0 <= start < end <= 4
    assert spans(logp[:0]) == []


@given(
    st.lists(st.tuples(st.sampled_from([0, 0, *range(1, 9)]), st.sampled_from([0.6, 0.999])), min_size=1, max_size=14)
)
def test_names_are_whole_whatever_stands_between(marks: list[tuple[int, float]]) -> None:
    """Also where two broken names stand on both sides of one character that is certainly none (甲、乙)."""
    logp = np.stack([log_probabilities([t], certainty=c)[0] for t, c in marks])
    follow, begins, ends = _allowed()
    tags = [int(t) for t in best_tags(logp)]
    assert begins[tags[0]]
    assert ends[tags[-1]]
    assert all(follow[a, b] for a, b in itertools.pairwise(tags))
    found = spans(logp)
    assert all(start < end for start, end, *_ in found)
    assert all(a[1] <= b[0] for a, b in itertools.pairwise(found))


@pytest.mark.parametrize(
    ("offsets", "length", "pieces", "places"),
    [
        ([(0, 2), (2, 3)], 4, [0, 0, 1, 1], [0, 1, 0, 1]),  # what follows the last piece belongs to it
        ([(1, 2)], 3, [0, 0, 0], [0, 0, 1]),  # so does what stands before the first
        ([(0, 1), (0, 1), (0, 1)], 1, [2], [0]),  # one character, several pieces
        ([], 2, [0, 0], [0, 0]),
    ],
)
def test_piece_of_character(offsets: list[tuple[int, int]], length: int, pieces: list[int], places: list[int]) -> None:
    got = piece_of_character(offsets, length)
    assert got[0].tolist() == pieces
    assert got[1].tolist() == places


@given(st.text(alphabet="ab。. \n", max_size=200), st.integers(8, 40))
@settings(max_examples=200, deadline=None)
def test_windows_decide_every_character_once(text: str, size: int) -> None:
    offsets = [(k, k + 1) for k, c in enumerate(text) if not c.isspace()]
    decided: list[int] = []
    for w in windows(0, text, offsets, size, overlap=6):
        assert w.start <= w.keep_start <= w.keep_end <= w.end
        assert w.last_piece - w.first_piece <= size
        decided += range(w.keep_start, w.keep_end)
    assert decided == list(range(len(text)))


def test_windows_are_cut_at_the_end_of_a_sentence() -> None:
    text = "あ" * 30 + "。" + "い" * 30
    first, second = windows(0, text, [(k, k + 1) for k in range(len(text))], 40)
    assert (first.end, second.start) == (31, 31)


def test_full_width_and_half_width_letters_are_the_same_character_of_another_kind() -> None:
    (wide, narrow), (kind_wide, kind_narrow) = characters("Ａ"), characters("A")
    (a, k1), (b, k2) = characters("Ａ"), characters("A")
    assert a.tolist() == b.tolist()
    assert k1.tolist() != k2.tolist()
    assert wide.shape == narrow.shape == kind_wide.shape == kind_narrow.shape == (1,)
    assert len(characters("\ud800😀")[0]) == 2


def test_model_folder_is_found_by_environment_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "some_model"
    folder.mkdir()
    (folder / "meta.json").write_text("{}", encoding="utf-8")
    monkeypatch.setenv(paths.ENVIRONMENT, str(tmp_path))
    assert paths.find_model("some_model") == folder
    with pytest.raises(paths.ModelNotFoundError, match="model-not-found.*no_such_model"):
        paths.find_model("no_such_model")


def test_the_encoder_is_told_of_known_names_and_how_likely_they_are_meant() -> None:
    text = "Siemens wächst. Gap sagt nichts, der Gap wächst."
    known = held(text, known_names(text, "de")).tolist()
    begin = known[0]
    assert begin % 2 == 1
    assert known[:8] == [begin] + [begin + 1] * 6 + [0]
    doubtful = known[text.index("der Gap") + 4]
    assert 0 < doubtful < begin
    assert held(text, ()).tolist() == [0] * len(text)


def test_a_piece_tells_of_the_name_that_it_touches() -> None:
    text = "x 宁德时代y"
    known = np.array([0, 0, 7, 8, 8, 8, 0])
    offsets = [(0, 1), (1, 4), (4, 5), (5, 7)]  # a space before the name; another letter behind it
    (whole,) = windows(0, text, offsets, 40)
    characters_told, pieces_told = window_held(known, offsets, whole)
    assert characters_told.tolist() == [known.tolist()]
    assert pieces_told.tolist() == [[0, 0, 7, 8, 8, 0]]  # between the marks of begin and end
    (_, straddling) = window_held(known, [(0, 3), (3, 7)], next(windows(0, text, [(0, 3), (3, 7)], 40)))
    assert straddling.tolist() == [[0, 7, 8, 0]]


HARD = [
    "",
    " ",
    "\r\n\r\n",
    "\u200b\ufeff",
    "㍿高砂精機は㌦建て社債を発行。",
    "😀🇯🇵👩‍👩‍👧 Siemens AG\r\n\tSAP\u00a0SE",
    "ＮＶＩＤＩＡ（エヌビディア）と\u3000ｱｯﾌﾟﾙ",
    "\ud83d lone \udc00 surrogates",
    "cafe\u0301 Mu\u0308nchener Ru\u0308ck",
    "각자모 삼성전자",
    "ﷺ ﬁ Ⅻ ½",
    "\x00\x01\x7f",
]


@pytest.mark.parametrize("text", HARD)
def test_spans_lie_in_the_text(encoder: CompanyEncoder, text: str) -> None:
    (found,) = encoder.predict([text])
    last = 0
    for s in found:
        assert last <= s.start < s.end <= len(text)
        assert text[s.start : s.end] == text[s.start : s.end].strip()
        assert 0.0 <= s.score <= 1.0
        last = s.end


@given(st.lists(st.text(max_size=80), max_size=4))
@settings(max_examples=40, deadline=None)
def test_any_text_is_read(encoder: CompanyEncoder, texts: list[str]) -> None:
    found = encoder.predict(texts)
    assert len(found) == len(texts)
    for text, names in zip(texts, found, strict=True):
        assert all(0 <= s.start < s.end <= len(text) for s in names)


NAMES = [
    ("엔비디아는 19일 2분기 매출이 84억 7천만 달러라고 밝혔다.", "엔비디아"),
    ("米エヌビディアの株価は16.1%上昇した。", "エヌビディア"),
    ("Der Autobauer Volkswagen AG hat im zweiten Quartal 3,2 Milliarden Euro verdient.", "Volkswagen AG"),
    ("腾讯控股有限公司第二季度营收同比增长8%。", "腾讯控股有限公司"),
]


@pytest.mark.parametrize(("text", "name"), NAMES)
def test_plain_names_are_found(encoder: CompanyEncoder, text: str, name: str) -> None:
    (found,) = encoder.predict([text])
    assert name in [text[s.start : s.end] for s in found if s.label == "COMPANY"]


def test_what_stands_before_shifts_offsets_exactly(encoder: CompanyEncoder) -> None:
    text, name = NAMES[0]
    before = "😀\r\n① ㍿。\n"
    (found,) = encoder.predict([before + text])
    at = len(before) + text.index(name)
    assert (at, at + len(name)) in [(s.start, s.end) for s in found if s.label == "COMPANY"]


def test_batches_do_not_change_what_is_found(encoder: CompanyEncoder) -> None:
    texts = [t for t, _ in NAMES] + HARD
    together = encoder.predict(texts)
    for text, found in zip(texts, together, strict=True):
        (alone,) = encoder.predict([text])
        assert [(s.start, s.end, s.label) for s in alone] == [(s.start, s.end, s.label) for s in found]


def test_a_long_text_is_read_to_its_end(encoder: CompanyEncoder) -> None:
    text, name = NAMES[1]
    many = text * 60
    (found,) = encoder.predict([many])
    starts = {s.start for s in found if many[s.start : s.end] == name}
    wanted = {k * len(text) + text.index(name) for k in range(60)}
    assert len(starts & wanted) >= 55


def test_a_model_with_other_classes_is_refused(encoder: CompanyEncoder) -> None:
    meta = {"encoder": {**encoder.meta["encoder"], "classes": ["COMPANY"]}}
    with pytest.raises(ValueError, match="model-classes"):
        CompanyEncoder(None, None, meta)


def test_the_fast_network_reads_as_the_encoder_does_but_is_another() -> None:
    from finextract import extract

    text = "米エヌビディアと東海林精機は2日、提携を発表した。"
    fast, slow = CompanyEncoder.load(name="fast"), CompanyEncoder.load()
    assert fast.meta["fast"]["layers"] < slow.meta["encoder"]["layers"]
    assert not (fast.log_probabilities([text])[0] == slow.log_probabilities([text])[0]).all()
    found = extract(text, lang="ja", model="fast").entities
    assert ("エヌビディア", 1) in {(e.text, e.start) for e in found}


def test_a_language_with_a_network_of_its_own_is_read_by_it() -> None:
    own, shared = CompanyEncoder.of("zh", name="fast"), CompanyEncoder.of("en", name="fast")
    assert own is CompanyEncoder.load(name="fast.zh")
    assert shared is CompanyEncoder.load(name="fast")
    texts, langs = ["宁德时代涨停", "Shares of Siemens rose.", "宁德时代涨停"], ["zh", "en", "zh"]
    found = list(read_by("fast", texts, langs))
    assert [len(logp) for logp in found] == [len(text) for text in texts]
    for logp, text, network in zip(found, texts, (own, shared, own), strict=True):
        assert (logp == network.log_probabilities([text])[0]).all()  # the fast networks are not told
    assert not (found[0] == shared.log_probabilities(texts[:1])[0]).all()


def test_known_names_that_were_looked_for_before_tell_the_encoder_as_much() -> None:
    texts, langs = ["宁德时代涨停", "Siemens und SAP wachsen.", "比亚迪降价"], ["zh", "de", "zh"]
    known = [known_names(text, lang) for text, lang in zip(texts, langs, strict=True)]
    assert all(known)
    told, looked = read_by("model", texts, langs, known), read_by("model", texts, langs)
    untold = read_by("model", texts, langs, [(), (), ()])
    for a, b, c in zip(told, looked, untold, strict=True):
        assert (a == b).all()
        assert not (a == c).all()


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("NESTE PRÜFT RAFFINERIE IN ROTTERDAM", "Neste Prüft Raffinerie IN Rotterdam"),
        (
            "*ROLLS-ROYCE SENKT AUSBLICK AUF 3 MRD GBP\nDer Kurs fiel.",
            "*Rolls-Royce Senkt Ausblick AUF 3 MRD GBP\nDer Kurs fiel.",
        ),
        ("Die KUKA AG und die SAP SE wachsen.", "Die KUKA AG und die SAP SE wachsen."),
        ("WKN BASF11, ISIN DE000BASF111", "WKN BASF11, ISIN DE000BASF111"),
        ("NVIDIA BLACKWELL ULTRA 출시", "NVIDIA BLACKWELL ULTRA 출시"),
    ],
)
def test_headlines_in_capitals_are_read_without_them(text: str, read: str) -> None:
    assert without_capitals(text) == read


@given(st.text(alphabet="ABÄßİ \n-.a", max_size=60))
def test_without_capitals_a_text_keeps_its_length(text: str) -> None:
    assert len(without_capitals(f"GROSSE FIRMA WÄCHST {text}")) == 20 + len(text)
