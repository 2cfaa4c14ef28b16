"""Tokenizers: the text is kept whatever it holds, and every boundary that gold needs is a boundary of tokens."""

from __future__ import annotations

import pickle
import threading

import pytest
import spacy
from hypothesis import given, settings
from hypothesis import strategies as st
from spacy.vocab import Vocab

from finextract.languages.de.tokenizer import GermanTokenizer
from finextract.languages.ja.tokenizer import FugashiTokenizer, SudachiTokenizer
from finextract.languages.ko.tokenizer import KiwiTokenizer
from finextract.languages.zh.tokenizer import CharTokenizer, JiebaTokenizer
from finextract.pipeline.segments import align, chunks
from finextract.pipeline.tokenizing import FingerprintWarning, MorphemeTokenizer, TextError, fold

VOCAB = Vocab()
TOKENIZERS: dict[str, MorphemeTokenizer] = {
    "sudachi-A": SudachiTokenizer(VOCAB, mode="A"),
    "sudachi-B": SudachiTokenizer(VOCAB, mode="B"),
    "sudachi-C": SudachiTokenizer(VOCAB, mode="C"),
    "sudachi-characters": SudachiTokenizer(VOCAB, characters=True),
    "fugashi": FugashiTokenizer(VOCAB),
    "kiwi": KiwiTokenizer(VOCAB),
    "kiwi-characters": KiwiTokenizer(VOCAB, characters=True),
    "jieba": JiebaTokenizer(VOCAB),
    "jieba-words": JiebaTokenizer(VOCAB, characters=False),
    "characters": CharTokenizer(VOCAB),
    "german": GermanTokenizer(VOCAB),
}
NAMES = list(TOKENIZERS)

STRANGE = [
    "",
    " ",
    "\n",
    "   \t  ",
    "a  b",
    "  leading and trailing  ",
    "line\r\nbreak\r\r\n\nagain",
    "no\u00a0break\u3000wide\u2009thin\u2028line\u2029paragraph",
    "😀株価😀👨‍👩‍👧‍👦が🇯🇵上昇👍🏽した",
    "𠮷野家と𩸽と𝟙𝟚",
    "１２３億４５６７万円と％",
    "￣￣￣とm(￣ー￣)m",
    "が゛ポ゜か\u3099は\u309aẽ\u0301",
    "\u1112\u1161\u11ab\u1100\u1173\u11af 한글 ㅋㅋㅋ",
    "㌔㍻㈱ﷺ…½Ⅲ²①",
    "nul\0in\0side",
    "\ufeffBOM\u200bzero\u200dwidth\u00adsoft",
    "\x01\x02\x1b[0m\x7f\x85",
    "．，。、「」『』【】（）・ー—–‐-~〜～",
    "Z.B. d.h. 3,5 Mio.\u202fEuro (ca.)… ‚so‘ „und“ so",
    "\U0010ffff\U000e0067",
    "ﾄﾖﾀ㈱ﾊﾝｶｸ",
]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("text", STRANGE, ids=[f"strange-{k:02d}" for k in range(len(STRANGE))])
def test_strange_text_is_kept(name: str, text: str) -> None:
    doc = TOKENIZERS[name](text)
    assert doc.text == text
    assert all(text[token.idx : token.idx + len(token)] == token.text for token in doc)


PARTS = st.one_of(
    st.text(max_size=12),
    st.sampled_from(
        [
            *STRANGE,
            "エヌビディアの",
            "第3四半期",
            "마이크로소프트는",
            " 달러",
            "中国石油股份有限公司",
            "Google-Mutterkonzern",
            "\r\n",
            "  ",
        ]
    ),
)


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=60, deadline=None)
@given(parts=st.lists(PARTS, max_size=8))
def test_any_text_is_kept(name: str, parts: list[str]) -> None:
    text = "".join(parts)
    assert TOKENIZERS[name](text).text == text


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("half", ["\ud83d", "\ude00"])
def test_half_of_a_surrogate_pair_is_refused_with_its_place(name: str, half: str) -> None:
    with pytest.raises(TextError, match=rf"TEXT001.*U\+{ord(half):04X}.*offset 3") as caught:
        TOKENIZERS[name](f"円高 {half}")
    assert caught.value.code == "TEXT001"


@pytest.mark.parametrize("name", NAMES)
def test_what_is_no_string_is_refused(name: str) -> None:
    with pytest.raises(TextError, match="TEXT002.*bytes"):
        TOKENIZERS[name](b"bytes")  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["sudachi-C", "fugashi", "jieba", "german"])
@pytest.mark.parametrize("unit", ["株価が上昇した。", "억", "a", " ", "𠮷"])
def test_text_longer_than_an_analyser_takes(name: str, unit: str) -> None:
    text = unit * (60_000 // len(unit))
    assert TOKENIZERS[name](text).text == text


@pytest.mark.parametrize(("name", "times"), [("characters", 70_000), ("sudachi-C", 10_000)])
def test_megabytes(name: str, times: int) -> None:
    text = "エヌビディアの株価は7月、440億ドル増の1.7%上昇。\n" * times
    assert sum(piece.end - piece.start for piece in TOKENIZERS[name].pieces(text)) == len(text)


BOUNDARIES = [
    ("sudachi-A", "米エヌビディアと独シーメンスAG", ["エヌビディア", "シーメンスAG"]),
    ("sudachi-A", "Google傘下、Apple社の3.2%増", ["Google", "Apple", "3.2%"]),
    ("sudachi-A", "24/9期2Qは△8億円、Q3は80%増", ["24/9期2Q", "△8億円", "Q3", "80%"]),
    ("sudachi-C", "トヨタグループの（NVIDIA）は１２億円", ["トヨタグループ", "NVIDIA", "１２億円"]),
    ("fugashi", "米メタ社と韓サムスン", ["メタ", "サムスン"]),
    ("kiwi", "마이크로소프트는 엔비디아(NVIDIA)와", ["마이크로소프트", "엔비디아", "NVIDIA"]),
    ("kiwi", "듣보케미칼로부터 84억7천만달러를 빌렸다", ["듣보케미칼", "84억7천만달러"]),
    ("kiwi-characters", "컨소시엄은가나다와", ["가나다"]),
    ("jieba", "据腾讯称，英伟达涨6.3%至5亿美元左右", ["腾讯", "英伟达", "6.3%", "5亿美元"]),
    ("characters", "今年第1季鴻海營收", ["今年第1季", "鴻海"]),
    (
        "german",
        "Google-Mutterkonzern, Nvidia-GPUs und 45-Millionen-Euro-Kredit",
        ["Google", "Nvidia", "45-Millionen-Euro"],
    ),
    (
        "german",
        "3,5Mio. Euro,NvidiaAktie,600 Milliarden US-Dollarinvestiert",
        ["3,5Mio. Euro", "Nvidia", "600 Milliarden US-Dollar"],
    ),
]


@pytest.mark.parametrize(("name", "text", "spans"), BOUNDARIES, ids=[b[1][:20] for b in BOUNDARIES])
def test_boundaries_of_spans_are_boundaries_of_tokens(name: str, text: str, spans: list[str]) -> None:
    doc = TOKENIZERS[name](text)
    for surface in spans:
        start = text.index(surface)
        assert doc.char_span(start, start + len(surface)) is not None, [t.text for t in doc]


def test_tokens_carry_the_word_they_are_a_part_of() -> None:
    doc = TOKENIZERS["jieba"]("公司营业")
    assert [(t.text, t.lemma_, t.tag_) for t in doc] == [
        ("公", "公司", "n|B"),
        ("司", "公司", "n|E"),
        ("营", "营业", "n|B"),
        ("业", "营业", "n|E"),
    ]
    google, hyphen, owner = TOKENIZERS["german"]("Google-Mutterkonzern")
    assert google.lemma_ == hyphen.lemma_ == owner.lemma_ == "google-mutterkonzern"


def test_norms_fold_width_case_and_digits() -> None:
    assert [fold(s) for s in ("ＮＶＩＤＩＡ", "１２３４", "3", "2024", "12.5")] == [
        "nvidia",
        "0000",
        "3",
        "0000",
        "00.5",
    ]
    assert [t.norm_ for t in TOKENIZERS["german"]("SAP ５")] == ["sap", "5"]


@pytest.mark.parametrize("name", NAMES)
def test_pickled_and_in_threads_the_tokens_are_the_same(name: str) -> None:
    text = (
        "エヌビディアは440億ドル。삼성전자는 84억 달러를 썼다. 腾讯控股有限公司。Die Siemens-Tochter zahlt 3 Mio. Euro. "
        * 5
    )
    expected = [t.text for t in TOKENIZERS[name](text)]
    copy = pickle.loads(pickle.dumps(TOKENIZERS[name]))
    assert [t.text for t in copy(text)] == expected
    results: list[list[str]] = []
    threads = [
        threading.Thread(target=lambda: results.append([t.text for t in TOKENIZERS[name](text)])) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [expected] * 4


@pytest.mark.parametrize("name", NAMES)
def test_usable_from_any_config_and_checked_on_loading(name: str, tmp_path) -> None:  # type: ignore[no-untyped-def]
    tokenizer = TOKENIZERS[name]
    settings_of = {key: value for key, value in tokenizer.settings().items() if name != "german"}
    nlp = spacy.blank("xx", config={"nlp": {"tokenizer": {"@tokenizers": tokenizer.registered, **settings_of}}})
    nlp.to_disk(tmp_path / "model")
    loaded = spacy.load(tmp_path / "model")
    assert type(loaded.tokenizer) is type(tokenizer)
    assert loaded.tokenizer.settings() == tokenizer.settings()
    changed = tokenizer.fingerprint() | {"versions": {"SudachiPy": "0.0.1"}}
    with pytest.warns(FingerprintWarning, match=r"FP001.*SudachiPy 0\.0\.1 → "):
        loaded.tokenizer.check(changed)


def test_a_mode_that_does_not_exist_is_named() -> None:
    with pytest.raises(ValueError, match="mode: 'D' is none of A, B, C"):
        SudachiTokenizer(VOCAB, mode="D")


def test_alignment_survives_what_an_analyser_changes() -> None:
    assert list(align("a  b\nc d", ["a", "b", "X", "c", "", "d"])) == [(0, 1), (3, 4), None, (5, 6), None, (7, 8)]


@given(text=st.text(max_size=200), limit=st.integers(min_value=1, max_value=30))
def test_chunks_are_the_text(text: str, limit: int) -> None:
    pieces = list(chunks(text, limit))
    assert "".join(piece for _, piece in pieces) == text
    assert all(0 < len(piece) <= limit and text[at : at + len(piece)] == piece for at, piece in pieces)
