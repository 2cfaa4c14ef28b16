"""Stanza's tokenizer from a directory: a small one is trained here, and used where no socket can be opened."""

from __future__ import annotations

import json
import pickle
import shutil
import socket
import warnings
from itertools import product
from pathlib import Path
from typing import Any, NoReturn

import pytest
import spacy
from spacy.language import Language

from finextract.pipeline.stanza import StanzaError

WHO = ["Die Bank", "Der Umsatz", "Das Werk", "Ein Händler", "Die Börse"]
DOES = ["wächst um", "verliert", "meldet etwa", "rechnet mit"]
WHAT = ["drei Prozent", "5 Euro", "12 Mio. Dollar"]
SENTENCES = [f"{who} {does} {what} ." for who, does, what in product(WHO, DOES, WHAT)]

TEXTS = [
    "",
    " ",
    "Die Bank wächst um drei Prozent.",
    "Die  Bank   verliert\t\t5 Euro .  ",
    "\r\n\r\nDer Umsatz\r\nverliert 5 Euro.\r\n\r\n  Das Werk wächst.\r\n",
    "Die Bank 🏦👩\u200d💻 wächst 📈 um drei Prozent 🇩🇪!",
    "Ｄｉｅ　Ｂａｎｋ　ｗäｃｈｓｔ　ｕｍ　３％。",
    "日本銀行は2％の利上げを決めた。\u3000\u3000次の会合は６月。",
    "삼성전자는 5억 달러를 벌었다.\n\n\n끝",
    "a\x00b\x1f\u0085c\u2028d\ufeffe\u200bf e\u0301 \U0001f600",
    "🏦",
    "\u200b",
    "Die Bank verliert 5 Euro. " * 700,
]


def write_part(folder: Path, name: str, sentences: list[str]) -> None:
    """Stanza's training format: the text, and for each character 1 at the end of a word, 2 at the end of a sentence."""
    text, labels = "", ""
    for sentence in sentences:
        words = sentence.split()
        body = " ".join(words[:-1]) + words[-1]  # the full stop is glued to the word before it
        marks = " ".join("0" * (len(word) - 1) + "1" for word in words[:-1]).replace(" ", "0") + "2"
        assert len(body) == len(marks)
        text += body + " "
        labels += marks + "0"
    (folder / f"{name}.txt").write_text(text.rstrip() + "\n\n", encoding="utf-8")
    (folder / f"{name}.toklabels").write_text(labels[:-1] + "\n\n", encoding="utf-8")


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory as Stanza lays it out, with a tokenizer trained on a few dozen sentences."""
    import torch
    from stanza.models import tokenizer

    torch.set_num_threads(1)
    data = tmp_path_factory.mktemp("training")
    write_part(data, "train", [sentence for n, sentence in enumerate(SENTENCES) if n % 6])
    write_part(data, "dev", SENTENCES[::6])
    (data / "mwt.json").write_text(json.dumps([]), encoding="utf-8")
    folder = tmp_path_factory.mktemp("stanza")
    arguments = {
        "txt_file": data / "train.txt",
        "label_file": data / "train.toklabels",
        "dev_txt_file": data / "dev.txt",
        "dev_label_file": data / "dev.toklabels",
        "mwt_json_file": data / "mwt.json",
        "conll_file": data / "dev.conllu",
        "lang": "de",
        "shorthand": "de_tiny",
        "save_dir": folder / "de" / "tokenize",
        "save_name": "tiny.pt",
        "steps": 200,
        "eval_steps": 100,
        "batch_size": 8,
        "emb_dim": 16,
        "hidden_dim": 32,
        "lr0": 0.01,
    }
    options = [str(part) for name, value in arguments.items() for part in (f"--{name}", value)]
    tokenizer.main([*options, "--cpu", "--no_use_mwt"])
    assert (folder / "de" / "tokenize" / "tiny.pt").is_file()
    return folder


@pytest.fixture(autouse=True)
def offline(models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After the training nothing can reach a network, not even this machine's own."""

    def refuse(*_: Any, **__: Any) -> NoReturn:
        raise AssertionError("a socket was opened")

    for name in ("socket", "create_connection", "getaddrinfo"):
        monkeypatch.setattr(socket, name, refuse)


def pipeline(model: Path, **settings: Any) -> Language:
    tokenizer = {"@tokenizers": "finextract.StanzaTokenizer.v1", "lang": "de", "model": str(model), **settings}
    return spacy.blank("de", config={"nlp": {"tokenizer": tokenizer}})


@pytest.mark.parametrize("text", TEXTS, ids=lambda text: ascii(text[:12]))
@pytest.mark.parametrize("characters", [False, True])
def test_no_character_is_lost(models: Path, text: str, characters: bool) -> None:
    assert pipeline(models, characters=characters)(text).text == text


def test_the_words_cover_the_text_in_order(models: Path) -> None:
    tokenizer: Any = pipeline(models).tokenizer
    for text in TEXTS:
        at = 0
        for start, end, _ in tokenizer.morphemes(text):
            assert not text[at:start].strip()
            assert at <= start < end
            at = end
        assert not text[at:].strip()


def test_the_words_are_those_of_the_model(models: Path) -> None:
    tokenizer: Any = pipeline(models).tokenizer
    text = "Der Händler meldet  etwa 5 Euro."
    found = [text[start:end] for start, end, _ in tokenizer.morphemes(text)]
    assert found == ["Der", "Händler", "meldet", "etwa", "5", "Euro", "."]
    assert [token.text for token in pipeline(models)(text) if not token.is_space] == found


def test_the_places_of_a_model(models: Path, tmp_path: Path) -> None:
    file = models / "de" / "tokenize" / "tiny.pt"
    (tmp_path / "tokenize").mkdir()
    shutil.copy(file, tmp_path / "tokenize" / "other.pt")
    text = "Die Bank  verliert 5 Euro."
    expected = [token.text for token in pipeline(models)(text)]
    for place in (file, models / "de", file.parent, tmp_path):
        assert [token.text for token in pipeline(place)(text)] == expected


def test_saved_pickled_and_moved(models: Path, tmp_path: Path) -> None:
    text = "Die Bank  verliert 5 Euro."
    nlp = pipeline(models)
    assert pickle.loads(pickle.dumps(nlp.tokenizer))(text).text == text
    moved = tmp_path / "moved"
    shutil.copytree(models, moved)
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # the same model elsewhere is no other tokenizer
        pipeline(moved).tokenizer.from_bytes(nlp.tokenizer.to_bytes())
    assert str(models) not in nlp.tokenizer.to_bytes().decode()


def test_a_missing_directory(tmp_path: Path) -> None:
    with pytest.raises(StanzaError, match="STANZA001: model: there is no directory or file .*nowhere") as caught:
        pipeline(tmp_path / "nowhere")
    assert caught.value.code == "STANZA001"


def test_a_directory_without_a_model_or_with_several(models: Path, tmp_path: Path) -> None:
    with pytest.raises(StanzaError, match="STANZA002: model: no tokenizer for 'de'"):
        pipeline(tmp_path)
    for name in ("a.pt", "b.pt"):
        shutil.copy(models / "de" / "tokenize" / "tiny.pt", tmp_path / name)
    with pytest.raises(StanzaError, match=r"STANZA002: .* several models \(a\.pt, b\.pt\)"):
        pipeline(tmp_path)


def test_a_file_that_is_no_model(tmp_path: Path) -> None:
    (tmp_path / "broken.pt").write_bytes(b"no model\n")
    with pytest.raises(StanzaError, match="STANZA004: model: Stanza cannot load .*broken.pt"):
        pipeline(tmp_path)("Die Bank")
