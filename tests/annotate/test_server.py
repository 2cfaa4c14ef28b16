"""The application without a browser: who is let in, and what the calls answer."""

import json

import pytest
from rows import ASTRAL, FILE, HOSTILE, PLAIN
from starlette.testclient import TestClient

from finextract.annotate.adjudicate import Side, begin
from finextract.annotate.server import Desk, build
from finextract.annotate.store import Store
from finextract.annotate.suggest import Analyst

PORT, TOKEN = 8127, "the-token"
ORIGIN = f"http://127.0.0.1:{PORT}"


@pytest.fixture
def app(store):
    return build(Desk(store, Analyst("none")), PORT, TOKEN)


@pytest.fixture
def client(app):
    """A browser that has followed the link."""
    client = TestClient(app, base_url=ORIGIN)
    assert client.get(f"/?token={TOKEN}").status_code == 200
    return client


def post(client, name, **body):
    return client.post(f"/api/{name}", json=body, headers={"origin": ORIGIN})


def test_the_link_is_good_once(app):
    first, second = TestClient(app, base_url=ORIGIN), TestClient(app, base_url=ORIGIN)
    assert first.get("/").status_code == 403
    assert first.get("/?token=wrong").status_code == 403
    answer = first.get(f"/?token={TOKEN}", follow_redirects=False)
    cookie = answer.headers["set-cookie"].lower()
    assert answer.status_code == 303 and "httponly" in cookie and "samesite=strict" in cookie
    assert first.get("/").status_code == 200
    assert second.get(f"/?token={TOKEN}").status_code == 403
    assert post(second, "open").status_code == 403


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"origin": ORIGIN}, 200),
        ({}, 403),
        ({"origin": "http://evil.example"}, 403),
        ({"origin": "null"}, 403),
        ({"origin": ORIGIN, "host": f"evil.example:{PORT}"}, 421),
        ({"origin": ORIGIN, "host": "127.0.0.1:1"}, 421),
        ({"origin": ORIGIN, "sec-fetch-site": "cross-site"}, 403),
        ({"origin": ORIGIN, "content-type": "text/plain"}, 415),
    ],
)
def test_calls_come_from_the_page_alone(client, headers, status):
    assert (
        client.post("/api/open", content="{}", headers={"content-type": "application/json", **headers}).status_code
        == status
    )


def test_every_answer_carries_the_policy(app, client):
    answers = [
        client.get("/"),
        client.get("/page.js"),
        client.get("/nothing"),
        TestClient(app, base_url=ORIGIN).get("/"),
    ]
    for answer in answers:
        policy = answer.headers["content-security-policy"]
        assert policy.startswith("default-src 'none'") and "unsafe" not in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    "path",
    ["/../news.jsonl", "/news.jsonl", "/static/page.js", "/%2e%2e/%2e%2e/etc/passwd", "/page.js/../../etc/passwd"],
)
def test_no_other_file_is_reachable(client, path):
    assert client.get(path).status_code == 404


def test_other_methods_are_refused(client):
    assert client.put("/api/open", json={}).status_code == 405
    assert client.get("/api/open").status_code == 405


def test_a_row_comes_with_all_there_is_to_say(client):
    rows = post(client, "open").json()["rows"]
    assert [r["number"] for r in rows] == [1, 2, 3, 4, 5, 6]
    view = post(client, "row", key="id ja-1").json()
    assert view["text"] == PLAIN and [s["label"] for s in view["spans"]] == ["COMPANY", "MONEY"]
    assert view["spans"][1]["short"] == view["spans"][1]["reads"] == "USD 44000000000 approx"
    (percent,) = [s for s in view["suggestions"] if s["label"] == "PERCENT"]
    assert (percent["kind"], percent["source"], percent["short"]) == ("add", "grammar", "16.1")
    assert "G404" in [f["code"] for f in view["findings"]]
    broken = post(client, "row", key=rows[4]["key"]).json()
    assert not broken["editable"] and broken["problems"][0]["code"] == "G107"


def test_an_edit_answers_with_the_row_as_it_is_now(client, store, gold):
    view = post(client, "row", key="id ja-1").json()
    suggestion = next(s for s in view["suggestions"] if s["label"] == "PERCENT")
    spans = [
        *view["spans"],
        {"raw": suggestion["raw"], "start": suggestion["start"], "end": suggestion["end"], "label": "PERCENT"},
    ]
    answer = post(client, "edit", key="id ja-1", version=view["version"], spans=spans).json()
    assert [s["text"] for s in answer["row"]["spans"]] == ["高砂精機", "440億ドル", "16.1%"]
    assert "PERCENT" not in [s["label"] for s in answer["row"]["suggestions"]]
    stale = post(client, "edit", key="id ja-1", version=view["version"], spans=[])
    assert (stale.status_code, stale.json()["error"]["code"]) == (409, "A102")
    store.flush()
    assert json.loads(gold.read_bytes().split(b"\n")[0])["spans"][2]["value"] == {"value": "16.1", "unit": "percent"}


def test_a_new_span_gets_the_value_that_is_read_there(client):
    view = post(client, "row", key="id ja-2").json()
    start = len(ASTRAL[: ASTRAL.index("3億円")].encode("utf-16-le")) // 2
    new = {"raw": "", "start": start, "end": start + 3, "label": "MONEY"}
    row = post(client, "edit", key="id ja-2", version=view["version"], spans=[*view["spans"], new]).json()["row"]
    assert (row["spans"][1]["text"], row["spans"][1]["short"], row["spans"][1]["start"]) == (
        "3億円",
        "JPY 300000000",
        start,
    )


def test_a_contradiction_is_shown_and_not_blocked(client):
    view = post(client, "row", key="id ja-1").json()
    money = view["spans"][1]
    answer = post(client, "value", key="id ja-1", span=money, text="EUR 5").json()
    assert answer["contradicts"] and answer["reads"] == "USD 44000000000 approx"
    spans = [view["spans"][0], {**money, "raw": answer["raw"]}]
    row = post(client, "edit", key="id ja-1", version=view["version"], spans=spans).json()["row"]
    assert row["spans"][1]["short"] == "EUR 5"
    assert ("G401", money["start"]) in [(f["code"], f["start"]) for f in row["findings"]]
    wrong = post(client, "value", key="id ja-1", span=money, text="EUR")
    assert (wrong.status_code, wrong.json()["error"]["code"]) == (422, "A301")


def test_a_refused_suggestion_does_not_come_back(client):
    view = post(client, "row", key="id ja-1").json()
    sids = [s["sid"] for s in view["suggestions"]]
    assert sids
    assert post(client, "decide", key="id ja-1", op="refuse", on=True, sids=sids).json()["row"]["suggestions"] == []
    assert post(client, "row", key="id ja-1").json()["suggestions"] == []
    back = post(client, "decide", key="id ja-1", op="refuse", on=False, sids=sids).json()["row"]
    assert [s["sid"] for s in back["suggestions"]] == sids


def test_what_only_the_annotation_has_may_be_taken_away(client):
    view = post(client, "row", key="id ja-4").json()
    new = {"raw": "", "start": 0, "end": 2, "label": "PERCENT"}
    row = post(client, "edit", key="id ja-4", version=view["version"], spans=[new]).json()["row"]
    assert [(s["kind"], s["source"]) for s in row["suggestions"]] == [("remove", "extract")]


def test_tokens_search_and_news(client, gold):
    edges = post(client, "tokens", key="id ja-2").json()["edges"]
    assert edges[0] == 0 and edges[-1] == len(ASTRAL.encode("utf-16-le")) // 2
    assert post(client, "search", text="<SCRIPT>").json()["keys"] == ["id ja-3"]
    revision = post(client, "poll", since=0).json()["revision"]
    gold.write_bytes(FILE.replace(b"composed", b"edited", 1))
    post(client, "row", key="id ja-1")
    news = post(client, "poll", since=revision).json()
    assert [r["key"] for r in news["rows"]] == ["id ja-1"]


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"[" * 100000])
def test_what_is_no_call_is_refused(client, body):
    headers = {"content-type": "application/json", "origin": ORIGIN}
    assert client.post("/api/edit", content=body, headers=headers).status_code == 400


def test_calls_with_wrong_fields_are_refused(client):
    assert post(client, "row", key=5).status_code == 422
    assert post(client, "row", key="id nobody").status_code == 404
    version = post(client, "row", key="id ja-1").json()["version"]
    assert post(client, "edit", key="id ja-1", version=version, spans={}).status_code == 422
    assert post(client, "decide", key="id ja-1", op="burn", on=True).status_code == 422


def test_hostile_text_is_sent_as_it_is(client):
    assert post(client, "row", key="id ja-3").json()["text"] == HOSTILE


def test_half_a_surrogate_pair_does_not_stop_the_server(gold):
    gold.write_bytes(b'{"id": "x", "lang": "ja", "source": "s", "text": "a\\ud83d 5%", "spans": []}\n')
    store = Store(gold)
    store.open()
    client = TestClient(build(Desk(store, Analyst("none")), PORT, TOKEN), base_url=ORIGIN)
    client.get(f"/?token={TOKEN}")
    view = post(client, "row", key="id x").json()
    assert "G208" in [f["code"] for f in view["findings"]]
    new = {"raw": "", "start": 3, "end": 5, "label": "PERCENT"}
    assert post(client, "edit", key="id x", version=view["version"], spans=[new]).status_code == 200
    store.close()


def test_two_annotators_are_settled_in_a_third_file(tmp_path, gold):
    a, b, c = tmp_path / "a.jsonl", tmp_path / "b.jsonl", tmp_path / "c.jsonl"
    lines = FILE.split(b"\n")
    sound = [lines[0], lines[3]]
    a.write_bytes(b"\n".join(sound) + b"\n")
    other = json.loads(lines[0])
    other["spans"][1].update(start=9, text="約440億ドル")
    only_b = {**json.loads(lines[3]), "id": "ja-9", "text": "別の文。"}
    b.write_bytes("\n".join(json.dumps(r, ensure_ascii=False) for r in (other, only_b)).encode() + b"\n")
    begin(a, b, c)
    made = c.read_bytes()
    assert [(r["id"], [s["text"] for s in r["spans"]]) for r in map(json.loads, made.splitlines())] == [
        ("ja-1", ["高砂精機"]),
        ("ja-4", []),
        ("ja-9", []),
    ]
    begin(a, b, c)
    assert c.read_bytes() == made
    store = Store(c)
    store.open()
    view = Desk(store, Analyst(None), [Side(a), Side(b)]).view("id ja-1")
    assert [(s["source"], s["kind"], s["text"]) for s in view["suggestions"]] == [
        ("b.jsonl", "add", "約440億ドル"),
        ("a.jsonl", "add", "440億ドル"),
    ]
    assert [len(side["spans"]) for side in view["sides"]] == [2, 2]
    store.close()
    assert a.read_bytes() == b"\n".join(sound) + b"\n"
