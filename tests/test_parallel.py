"""``extract_batch(n_process=…)``: order, laziness, workers that die, interruption."""

from __future__ import annotations

import itertools
import json
import logging
import marshal
import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from finextract import Extraction, ExtractionError, extract, extract_batch
from finextract.entities import Entity
from finextract.parallel import WorkerError, _entity, _packed, run

GOLD = Path(__file__).resolve().parent.parent / "annotations"

SENTENCES = {
    "ja": "{n}社の売上高は{n}億円で、前年同期比{n}%増だった。",
    "de": "Der Umsatz der Siemens AG stieg um {n} Prozent auf {n} Millionen Euro.",
    "ko": "매출은 {n}억 원으로 지난 분기보다 {n}% 늘었다.",
    "zh": "公司第二季度营收为{n}亿元，同比增长{n}%。",
}


def texts(count: int) -> list[str]:
    patterns = list(SENTENCES.values())
    return [patterns[n % 4].format(n=n + 1) for n in range(count)]


@pytest.fixture
def sabotage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Workers (not this process) die over a text with POISON, over ONCE the first time, and cannot read STRANGE."""
    folder = tmp_path / "sabotage"
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(
        textwrap.dedent(f"""
            import os, signal
            from pathlib import Path
            import finextract.extractor as extractor

            real = extractor._entities
            mark = Path({str(folder)!r}) / "once"

            def entities(texts, *rest):
                for text in texts:
                    if "POISON" in text:
                        os.kill(os.getpid(), signal.SIGKILL)
                    if "ONCE" in text and not mark.exists():
                        mark.touch()
                        os._exit(7)
                    if "STRANGE" in text:
                        raise RecursionError("too strange")
                return real(texts, *rest)

            extractor._entities = entities
        """)
    )
    monkeypatch.syspath_prepend(str(folder))
    return folder


def children() -> set[int]:
    """Processes whose parent is this one."""
    out = set()
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == os.getpid() and fields[0] != "Z":
            out.add(int(stat.parent.name))
    return out


def test_equal_to_one_process_and_to_single_calls() -> None:
    given = texts(30)
    before = children()
    several = list(extract_batch(given, model="none", batch_size=4, n_process=2))
    assert several == [extract(text, model="none") for text in given]
    assert children() == before


def test_dates_and_languages_travel() -> None:
    item = ("第2四半期の売上高は3億円", "ja", "2024-08-05")
    (found,) = run([item], model="none")
    assert found == extract(item[0], lang="ja", date=item[2], model="none")


def test_strings_of_other_libraries_travel() -> None:
    class Text(str):
        pass

    found = list(run([(Text("売上高は3億円だった"), Text("ja"), Text("2024-08-05"))], model="none"))
    assert found == [extract("売上高は3億円だった", lang="ja", date="2024-08-05", model="none")]


@pytest.mark.parametrize("lang", ["ja", "de", "ko", "zh"])
def test_every_value_of_the_gold_travels_whole(lang: str) -> None:
    for line in (GOLD / lang / "test.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        entities = [Entity.from_dict({**span, "source": "kb+model"}) for span in row["spans"]]
        for entity in entities:
            assert _entity(row["text"], *marshal.loads(marshal.dumps(_packed(entity)))) == entity


def test_bad_items_have_an_error_in_their_place() -> None:
    given = [
        ("売上高は3億円だった", None, None),
        (5, None, None),
        ("円\ud800", None, None),
        ("abc", "xx", None),
        ("3円", "ja", 7),
    ]
    found = list(run(given, model="none", batch_size=2))
    assert [getattr(f, "code", None) for f in found] == [None, "X103", "X104", "LANG004", "X102"]


def test_lazy_in_and_out() -> None:
    taken, before = 0, children()

    def endless() -> Iterator[tuple[object, str | None, None]]:
        nonlocal taken
        for taken in itertools.count(1):
            yield texts(4)[taken % 4], None, None

    found = run(endless(), model="none", batch_size=2, n_process=2)
    first = list(itertools.islice(found, 5))
    assert all(isinstance(f, Extraction) for f in first)
    assert taken < 40
    found.close()  # type: ignore[attr-defined]
    assert children() <= before


@pytest.mark.parametrize("place", [0, 5, 11])
def test_poison_costs_one_document(sabotage: Path, place: int, caplog: pytest.LogCaptureFixture) -> None:
    given = texts(12)
    given[place] = "POISON 3億円だった。"
    with caplog.at_level(logging.WARNING, "finextract"):
        found = list(extract_batch(given, model="none", batch_size=4, n_process=2))
    poisoned = found.pop(place)
    assert isinstance(poisoned, ExtractionError)
    assert poisoned.code == "X191"
    del given[place]
    assert found == [extract(text, model="none") for text in given]
    messages = [record.message for record in caplog.records]
    assert any("SIGKILL" in m and "tried again" in m for m in messages)
    assert any("given up" in m for m in messages)


def test_what_killed_a_worker_once_is_tried_again(sabotage: Path, caplog: pytest.LogCaptureFixture) -> None:
    given = [*texts(5), "ONCE 3億円だった。", *texts(5)]
    with caplog.at_level(logging.WARNING, "finextract"):
        found = list(extract_batch(given, model="none", batch_size=4, n_process=2))
    assert (sabotage / "once").exists()
    assert found == [extract(text, model="none") for text in given]
    assert "exit code 7" in caplog.text


def test_an_exception_costs_one_document(sabotage: Path) -> None:
    given = texts(6)
    given[2] = "STRANGE 3億円だった。"
    found = list(extract_batch(given, model="none", batch_size=6, n_process=2))
    assert found[2] == ExtractionError("X190", "RecursionError: too strange", "text")
    assert sum(isinstance(f, Extraction) for f in found) == 5


def test_workers_that_cannot_start_are_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "sitecustomize.py").write_text("import os; os._exit(3)")
    monkeypatch.syspath_prepend(str(tmp_path))
    before = children()
    with pytest.raises(WorkerError, match=r"X192.*exit code 3"):
        list(run([("3億円だった", None, None)], model="none"))
    assert children() <= before


def test_a_missing_model_is_an_error_and_not_one_of_each_document(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "sitecustomize.py").write_text("import finextract.companies.paths as p\np.model_roots = lambda: []\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(WorkerError, match="X193.*no model"):
        list(run([("3億円だった", None, None)], model="small"))


def test_unknown_model() -> None:
    with pytest.raises(ValueError, match="X105"):
        list(extract_batch(["3億円だった"], model="best", n_process=2))


def test_from_a_script_without_a_guard(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(
        "from finextract import extract_batch\n"
        "print([len(e) for e in extract_batch(['売上高は3億円だった'] * 3, model='none', batch_size=1, n_process=2)])\n"
    )
    for command in ([sys.executable, str(script)], [sys.executable, "-"]):
        done = subprocess.run(
            command, input=script.read_text(), capture_output=True, text=True, cwd=tmp_path, timeout=120
        )
        assert done.stdout == "[1, 1, 1]\n", done.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_an_interruption_leaves_nothing_behind(tmp_path: Path, number: signal.Signals) -> None:
    script = textwrap.dedent("""
        import itertools, os, sys
        from finextract import extract_batch
        for k, e in enumerate(extract_batch(itertools.repeat("売上高は3億円だった。" * 50), model="none", n_process=2)):
            if k == 200:
                kids = open(f"/proc/{os.getpid()}/task/{os.getpid()}/children").read().split()
                print(" ".join(kids), flush=True)
    """)
    process = subprocess.Popen(
        [sys.executable, "-c", script],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert process.stdout is not None
    workers = [int(pid) for pid in process.stdout.readline().split()]
    assert len(workers) == 2
    if number is signal.SIGINT:
        os.killpg(process.pid, number)  # as a terminal does
    else:
        os.kill(process.pid, number)
    _, errors = process.communicate(timeout=60)
    assert process.returncode != 0
    assert errors.count("Traceback") <= 1
    for _ in range(100):
        if not any(Path(f"/proc/{pid}").exists() for pid in workers):
            break
        time.sleep(0.1)
    assert not any(Path(f"/proc/{pid}").exists() for pid in workers)


def test_what_workers_print_does_not_disturb(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "sitecustomize.py").write_text(
        "import finextract.extractor as x\nreal = x._entities\n"
        "def noisy(*a):\n    print('noise')\n    return real(*a)\nx._entities = noisy\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    (found,) = run([("売上高は3億円だった", None, None)], model="none")
    assert json.dumps(found.to_dict(), ensure_ascii=False).count("3億円") == 2
