"""The page in a real browser: keys pressed, servers killed, files edited underneath, bytes compared."""

import json

import pytest
from chromium import Page
from rows import ASTRAL, FILE, HOSTILE, PLAIN
from selenium.webdriver import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select

MONEY_TEXT = "440億ドル"


def units(text):
    return len(text.encode("utf-16-le")) // 2


def place(text, surface):
    start = units(text[: text.index(surface)])
    return start, start + units(surface)


def unchanged_but(path, *numbers):
    """All lines but these are those of the beginning, byte for byte."""
    now, before = path.read_bytes().split(b"\n"), FILE.split(b"\n")
    assert len(now) == len(before)
    assert [i + 1 for i, (a, b) in enumerate(zip(now, before, strict=True)) if a != b] == list(numbers)


def test_marking_with_the_keyboard_alone(page, gold, rows):
    page.keys(*[Keys.ARROW_RIGHT] * PLAIN.index("16.1%"))
    for _ in range(5):
        page.chord(Keys.SHIFT, Keys.ARROW_RIGHT)
    page.keys("2")
    assert page.spans == [["COMPANY", "高砂精機"], ["MONEY", MONEY_TEXT], ["PERCENT", "16.1%"]]
    page.saved()
    span = rows()["ja-1"]["spans"][2]
    assert (span["text"], span["value"]) == ("16.1%", {"value": "16.1", "unit": "percent"})
    unchanged_but(gold, 1)
    page.chord(Keys.CONTROL, "z")
    page.saved()
    assert gold.read_bytes() == FILE


def test_walking_moving_relabelling_deleting(page, gold, rows):
    page.keys(Keys.TAB)
    assert "COMPANY 高砂精機" in page.driver.switch_to.active_element.get_attribute("aria-label")
    page.keys(Keys.TAB)
    assert "value USD 44000000000 approx" in page.driver.switch_to.active_element.get_attribute("aria-label")
    page.keys(Keys.ARROW_LEFT)
    page.chord(Keys.SHIFT, Keys.ARROW_RIGHT)
    assert page.spans[1] == ["MONEY", "40億ド"]
    page.chord(Keys.SHIFT, Keys.ARROW_LEFT)
    page.keys(Keys.ARROW_RIGHT)
    assert page.spans[1] == ["MONEY", MONEY_TEXT]
    page.until(lambda: page.js("return state.edges !== null"))
    page.chord(Keys.CONTROL, Keys.ARROW_LEFT)
    assert page.spans[1][1] != MONEY_TEXT and MONEY_TEXT.startswith(page.spans[1][1])
    page.keys("4")
    page.keys(Keys.DELETE)
    page.saved()
    assert [s["label"] for s in rows()["ja-1"]["spans"]] == ["COMPANY"]
    for _ in range(7):
        page.keys("u")
    page.saved()
    assert gold.read_bytes() == FILE
    for _ in range(7):
        page.keys("r")
    page.saved()
    assert [s["label"] for s in rows()["ja-1"]["spans"]] == ["COMPANY"]


def test_marking_with_the_mouse_alone(page, gold, rows):
    start, end = place(PLAIN, "16.1%")
    box = page.js(
        "const r = rangeOf(arguments[0], arguments[1]).getBoundingClientRect(); return [r.left, r.right, r.top + r.height / 2]",
        start,
        end,
    )
    mouse = ActionChains(page.driver).w3c_actions
    mouse.pointer_action.move_to_location(int(box[0]) + 1, int(box[2])).pointer_down()
    mouse.pointer_action.move_to_location(int(box[1]) - 1, int(box[2])).pointer_up()
    mouse.perform()
    page.one("[data-mark=PERCENT]").click()
    assert page.spans[2] == ["PERCENT", "16.1%"]
    page.one("[data-do='end-']").click()
    assert page.spans[2] == ["PERCENT", "16.1"]
    page.one("[data-do=undo]").click()
    page.one("[data-do=redo]").click()
    page.one("[data-do=undo]").click()
    page.all("#text .span")[0].click()
    page.one("[data-mark=QUARTER]").click()
    page.one("[data-do=undo]").click()
    page.one("[data-do=delete]").click()
    page.saved()
    assert [s["text"] for s in rows()["ja-1"]["spans"]] == [MONEY_TEXT, "16.1%"]
    unchanged_but(gold, 1)


@pytest.mark.parametrize("surface", ["🚀", "𠮷野家", "👩‍👩‍👧", "re\u0301sume\u0301", "3億円", "\r\n3億"])
def test_offsets_of_two_units_combined_marks_and_line_breaks(page, gold, rows, surface):
    page.go("ja-2")
    page.one("[data-do=white]").click()
    page.select(*place(ASTRAL, surface))
    page.keys("1")
    page.saved()
    spans = rows()["ja-2"]["spans"]
    stripped = surface.strip()
    assert [s["start"] for s in spans if s["text"] == stripped and s["label"] == "MONEY"] == [ASTRAL.index(stripped)]
    assert all(ASTRAL[s["start"] : s["end"]] == s["text"] for s in spans)
    assert page.one("#text").get_property("textContent") == ASTRAL
    unchanged_but(gold, 2)


def test_boundaries_never_cut_a_character_in_two(page, rows):
    page.go("ja-2")
    page.select(*place(ASTRAL, "👩‍👩‍👧と組"))
    page.keys("3", Keys.ARROW_LEFT, Keys.ARROW_LEFT)
    assert page.spans[1] == ["COMPANY", "👩‍👩‍👧"]
    page.keys(Keys.ARROW_LEFT)
    assert page.spans[1] == ["COMPANY", "👩‍👩‍👧"]
    page.saved()
    assert rows()["ja-2"]["spans"][1]["text"] == "👩‍👩‍👧"


def test_hostile_text_stays_text(page, rows):
    page.go("ja-3")
    assert page.one("#text").get_property("textContent") == HOSTILE
    page.keys("w")
    assert page.one("#text").get_property("textContent") == HOSTILE
    assert page.all("#text script, #text img, #text b, nav script, nav img") == []
    assert "U+202E" in [e.get_attribute("data-w") for e in page.all("#text .ws")]
    assert "owned" not in page.driver.title
    page.select(*place(HOSTILE, "北浜物流"))
    page.keys("3")
    page.select(*place(HOSTILE, "<script>"))
    page.keys("3")
    page.saved()
    assert [s["text"] for s in rows()["ja-3"]["spans"]] == ["<script>", "北浜物流"]
    assert "owned" not in page.driver.title
    log = page.js(
        "return typeof trustedTypes.createPolicy === 'function' && (() => { try { document.body.innerHTML = '<b>'; return 'set'; } catch { return 'refused'; } })()"
    )
    assert log == "refused"


def test_values_are_typed_and_checked_at_once(page, gold, rows):
    page.keys(Keys.TAB, Keys.TAB, Keys.ENTER)
    field = page.one("#value")
    assert page.driver.switch_to.active_element == field and field.get_attribute("value") == "USD 44000000000 approx"
    field.clear()
    field.send_keys("EUR")
    page.until(lambda: page.one("#v-error").text)
    field.send_keys(" 5")
    page.until(lambda: "the grammar reads USD" in page.one("#v-hint").text and not page.one("#v-error").text)
    field.send_keys(Keys.ENTER)
    page.until(lambda: rows()["ja-1"]["spans"][1]["value"] == {"currency": "EUR", "amount": "5"})
    page.until(lambda: "error" in page.all("#text .span")[1].get_attribute("class"))
    assert "G401" in page.all("#text .span")[1].get_attribute("aria-label")
    page.until(lambda: page.driver.switch_to.active_element.get_attribute("data-uid"))
    page.keys("g")
    page.until(lambda: gold.read_bytes() == FILE)


def test_suggestions_are_accepted_and_refused_with_one_key(page, gold, rows):
    page.until(lambda: page.all("#suggestions .item"))
    sources = [e.text for e in page.all("#suggestions .item")]
    assert any("16.1%" in s and "grammar" in s for s in sources)
    while "16.1%" not in page.js("return suggestion() ? suggestion().text : ''"):
        page.keys("s")
    page.keys("a")
    page.saved()
    assert rows()["ja-1"]["spans"][-1]["text"] == "16.1%"
    page.go("ja-6")
    page.until(lambda: page.all("#suggestions .item"))
    page.keys("s", "x")
    page.until(lambda: not page.all("#suggestions .item"))
    page.go("ja-1")
    page.go("ja-6")
    assert page.all("#suggestions .item") == []
    page.keys("u")
    page.until(lambda: page.all("#suggestions .item"))
    unchanged_but(gold, 1)


def test_filters(page):
    def listed():
        return page.js("return state.shown.map(k => state.byKey.get(k).id)")

    page.until(lambda: page.js("return state.read") >= 6, 120)
    page.until(lambda: page.js("return state.rows.every(r => r.confidence !== undefined)"))
    page.one("#search").send_keys("<SCRIPT>")
    page.until(lambda: listed() == ["ja-1", "ja-3"])  # the row that is shown stays in the list
    page.one("#search").send_keys(Keys.CONTROL, "a")
    page.one("#search").send_keys(Keys.DELETE)
    page.until(lambda: len(listed()) == 6)
    Select(page.one("#label")).select_by_value("MONEY")
    page.until(lambda: listed() == ["ja-1"])
    Select(page.one("#label")).select_by_value("")
    Select(page.one("#filter")).select_by_value("open")
    page.until(lambda: "ja-6" in listed() and "ja-4" not in listed())
    Select(page.one("#filter")).select_by_value("all")
    Select(page.one("#order")).select_by_value("confidence")
    scores = page.js("return state.shown.map(k => state.byKey.get(k).confidence)")
    assert scores == sorted(scores) and scores[0] < 1
    page.keys(Keys.ESCAPE, "d")
    Select(page.one("#filter")).select_by_value("undone")
    page.until(lambda: "ja-1" not in listed() and len(listed()) == 5)


def test_the_keys_are_shown(page):
    page.keys("?")
    assert page.one("#help").is_displayed() and "Shift" in page.one("#keys").text
    page.keys(Keys.ESCAPE)
    assert not page.one("#help").is_displayed()


def test_everything_has_a_name_for_screen_readers(page):
    page.until(lambda: page.all("#suggestions .item"))
    nameless = [
        e.get_attribute("outerHTML")
        for e in page.all(
            "button, input, select, [role=button], [role=listbox], [role=region], dialog, nav, aside, section"
        )
        if e.is_displayed() and not e.accessible_name
    ]
    assert nameless == []
    assert page.one("#text .span").aria_role == "button"
    page.keys(Keys.TAB, Keys.DELETE)
    assert page.one("#live").get_property("textContent") == "deleted 高砂精機"


def test_the_server_is_killed_in_mid_edit(page, gold, rows, server):
    page.select(*place(PLAIN, "16.1%"))
    page.keys("2")
    server.kill()  # the edit may have arrived or not
    page.select(*place(PLAIN, "高砂"))
    page.keys("3")
    page.until(lambda: "cannot be reached" in page.status)
    assert page.one("#status").get_attribute("class") == "trouble"
    page.open(server.start())
    page.saved()
    assert [s["text"] for s in rows()["ja-1"]["spans"]] == ["高砂", MONEY_TEXT, "16.1%"]
    unchanged_but(gold, 1)
    assert page.js("return localStorage.length") == 0


def test_killed_while_keys_are_pressed(page, gold, rows, server):
    page.keys(Keys.TAB, Keys.TAB)
    for round_ in range(3):
        for _ in range(4 + round_):
            page.keys(Keys.ARROW_LEFT, Keys.ARROW_RIGHT)
        page.keys("1" if round_ % 2 else "4")
        server.kill()
        link = server.start()
        page.open(link)
        page.saved()
        page.keys(Keys.TAB, Keys.TAB)
    assert rows()["ja-1"]["spans"][1]["label"] == "QUARTER"
    assert page.spans[1] == ["QUARTER", MONEY_TEXT]
    unchanged_but(gold, 1)


def test_the_file_is_edited_underneath(page, gold, rows):
    theirs = FILE.replace("増減は5%だった".encode(), "増減は6%だった".encode())
    gold.write_bytes(theirs)
    page.select(*place(PLAIN, "16.1%"))
    page.keys("2")
    page.saved()
    assert rows()["ja-6"]["text"] == "増減は6%だった。" and len(rows()["ja-1"]["spans"]) == 3
    now = gold.read_bytes().split(b"\n")
    assert now[1:] == theirs.split(b"\n")[1:]
    page.until(lambda: "6%" in page.js("return state.byKey.get('id ja-6').snippet"))


def test_the_row_in_sight_is_edited_underneath(page, gold):
    page.go("ja-4")
    gold.write_bytes(FILE.replace("特筆".encode(), "特記".encode()))
    page.until(lambda: "特記" in page.one("#text").text)


def test_both_edit_the_same_row(page, gold, rows):
    page.go("ja-4")
    page.js("window.realFetch = fetch; window.fetch = () => Promise.reject(new TypeError('cut off'))")
    page.select(0, 2)
    page.keys("3")
    theirs = FILE.replace(b"2.50", b"2.75")
    gold.write_bytes(theirs)
    page.js("window.fetch = window.realFetch")
    page.until(lambda: page.one("#conflict").is_displayed())
    assert gold.read_bytes() == theirs
    assert "特筆" in page.one("#conflict").text
    page.one("[data-do=mine]").click()
    page.saved()
    assert [s["text"] for s in rows()["ja-4"]["spans"]] == ["特筆"] and b"2.75" in gold.read_bytes()
    assert not page.one("#conflict").is_displayed()


def test_a_long_article_with_many_spans(driver, serve, tmp_path):
    text = "".join(
        f"第{i:04d}回目の発表で、当社は総額{i + 1}億円を新しい設備に投じると説明し、関係者の注目を集めた。\n"
        for i in range(2000)
    )
    spans = []
    at = 0
    for i in range(2000):
        surface = f"{i + 1}億円"
        at = text.index(surface, at)
        spans.append(
            {
                "start": at,
                "end": at + len(surface),
                "label": "MONEY",
                "text": surface,
                "value": {"currency": "JPY", "amount": f"{i + 1}00000000"},
            }
        )
        at += len(surface)
    path = tmp_path / "long.jsonl"
    row = {"id": "long", "lang": "ja", "source": "s", "text": text, "spans": spans}
    path.write_text(json.dumps(row, ensure_ascii=False) + "\n", encoding="utf-8")
    assert len(text.encode()) > 100_000
    page = Page(driver)
    page.open(serve(path, "--no-suggestions").start())
    assert len(page.all("#text .span")) == 2000
    assert len(page.all("#spans .item")) < 60
    page.js("focusSpan(state.row.spans[1500].uid)")
    untouched = page.js("window.first = document.querySelector('#text').firstChild; return first.textContent.length")
    page.keys(Keys.ARROW_LEFT, Keys.ARROW_LEFT)
    page.saved()
    assert page.js("return first === document.querySelector('#text').firstChild && first.isConnected") and untouched
    after = json.loads(path.read_bytes())
    assert after["spans"][1500]["text"] == "1501" and after["spans"][:1500] == spans[:1500]
    driver.get("about:blank")


def test_two_files_side_by_side(driver, serve, tmp_path):
    a, b, c = tmp_path / "a.jsonl", tmp_path / "b.jsonl", tmp_path / "c.jsonl"
    first = json.loads(FILE.split(b"\n")[0])
    second = json.loads(FILE.split(b"\n")[0])
    second["spans"][1].update(start=9, text="約440億ドル")
    a.write_text(json.dumps(first, ensure_ascii=False) + "\n", encoding="utf-8")
    b.write_text(json.dumps(second, ensure_ascii=False) + "\n", encoding="utf-8")
    page = Page(driver)
    page.open(serve(a, b, "--into", c).start())
    assert page.spans == [["COMPANY", "高砂精機"]]
    assert [e.text for e in page.all("#sides h3")] == ["a.jsonl", "b.jsonl"]
    assert [e.text for e in page.all("#sides .differs")] == [MONEY_TEXT, "約440億ドル"]
    page.keys("s", "s")
    assert page.driver.find_element(By.CSS_SELECTOR, "#suggestions [aria-selected=true]").text.endswith("a.jsonl")
    page.keys("a")
    page.saved()
    page.until(lambda: page.js("return state.row.suggestions.length === 0"))
    assert json.loads(c.read_bytes()) == first
    assert json.loads(b.read_bytes()) == second
    driver.get("about:blank")
