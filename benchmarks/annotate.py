"""Measure the annotators' page in a real Chromium, and take its screenshots.

``python benchmarks/annotate.py [--images docs/images]`` makes its own files in a temporary folder. Wants the extras
``annotate`` and ``browser``, chromium and chromium-driver.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import statistics
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "tests" / "browser"), str(ROOT / "tests" / "annotate")]

from chromium import FLAGS, Page, Server  # noqa: E402
from rows import PLAIN, ROWS  # noqa: E402
from selenium import webdriver  # noqa: E402


def browser(folder: Path) -> webdriver.Chrome:
    options = webdriver.ChromeOptions()
    for flag in (*FLAGS, f"--user-data-dir={folder}"):
        options.add_argument(flag)
    options.binary_location = os.environ.get("CHROMIUM", "/usr/bin/chromium")
    return webdriver.Chrome(
        options=options, service=webdriver.ChromeService(os.environ.get("CHROMEDRIVER", "/usr/bin/chromedriver"))
    )


def killed(page: Page, folder: Path, edits: int, kills: int) -> str:
    """Random edits by keyboard; the server is killed at random moments, the page opened again, and the file compared."""
    path = folder / "killed.jsonl"
    rows = [{**ROWS[0], "id": f"r{i}", "text": PLAIN.replace("440", str(100 + i))} for i in range(10)]
    for i, row in enumerate(rows):
        row["spans"] = [{**s, "text": s["text"].replace("440", str(100 + i))} for s in row["spans"]]
    path.write_text("".join(json.dumps(r, ensure_ascii=False) + "\n" for r in rows), encoding="utf-8")
    server = Server(path)
    page.open(server.start())
    rng = random.Random(7)
    at = sorted(rng.sample(range(edits), kills))
    want: dict[str, list[tuple[str, str]]] = {}
    for n in range(edits):
        row_id = f"r{rng.randrange(10)}"
        page.js("return go('id ' + arguments[0])", row_id)
        start = rng.randrange(len(PLAIN) - 3)
        page.select(start, start + rng.randrange(1, 4))
        page.keys(str(rng.randrange(1, 5)))
        want[row_id] = [tuple(s) for s in page.spans]
        if n in at:
            server.kill()
            page.open(server.start())
    page.saved()
    server.stop()
    after = {r["id"]: r for r in map(json.loads, path.read_bytes().splitlines())}
    have = {i: [(s["label"], s["text"]) for s in after[i]["spans"]] for i in want}
    lost = [i for i in want if have[i] != want[i]]
    return f"{edits} edits, {kills} kills: {len(lost)} of {len(want)} edited rows differ from what was on the screen"


def many(page: Page, folder: Path, count: int) -> str:
    """From the navigation until the first row and the list of all rows are drawn."""
    path = folder / "many.jsonl"
    path.write_text(
        "".join(
            json.dumps({**ROWS[0], "id": f"r{i}", "text": PLAIN * 12}, ensure_ascii=False) + "\n" for i in range(count)
        ),
        encoding="utf-8",
    )
    server = Server(path)
    times = []
    page.open(server.start())
    for _ in range(5):
        page.driver.get(f"http://127.0.0.1:{server.port}/")
        page.until(lambda: page.js("return document.body.dataset.ready === 'yes'"))
        times.append(
            page.js(
                "return [performance.getEntriesByName('first-contentful-paint')[0].startTime, performance.getEntriesByName('drawn')[0].startTime]"
            )
        )
    server.stop()
    first, drawn = (statistics.median(t) for t in zip(*times, strict=True))
    return f"{count} rows: first contentful paint {first:.0f} ms, rows and text drawn {drawn:.0f} ms (medians of 5)"


KEYPRESS = """
const done = arguments[0], times = [];
const channel = new MessageChannel();
focusSpan(state.row.spans[1].uid);
let n = 0;
const press = () => {
  if (n === 60) return done(times);
  const t = performance.now();
  document.activeElement.dispatchEvent(new KeyboardEvent("keydown", {key: n % 2 ? "ArrowRight" : "ArrowLeft", bubbles: true, cancelable: true}));
  requestAnimationFrame(() => { channel.port1.onmessage = () => { times.push(performance.now() - t); n++; setTimeout(press, 40); }; channel.port2.postMessage(0); });
};
press();
"""


def keypress(page: Page, folder: Path) -> str:
    """From the key to the frame that shows its effect."""
    path = folder / "keys.jsonl"
    text = PLAIN + "市場では今後の見通しに注目が集まる。" * 32
    path.write_text(json.dumps({**ROWS[0], "text": text[:600]}, ensure_ascii=False) + "\n", encoding="utf-8")
    server = Server(path)
    page.open(server.start())
    times = page.driver.execute_async_script(KEYPRESS)
    page.saved()
    server.stop()
    ordered = sorted(times)
    return f"keypress to frame on {len(text[:600])} characters: median {statistics.median(times):.1f} ms, 95 % below {ordered[int(0.95 * len(ordered))]:.1f} ms ({len(times)} keys)"


def images(page: Page, folder: Path, out: Path) -> None:
    """The page as it looks, on passages of the project's own corpus."""
    out.mkdir(parents=True, exist_ok=True)
    out = out.resolve()
    os.chdir(folder)  # the page shows paths as they were given
    lines = (ROOT / "annotations" / "ja" / "dev.jsonl").read_bytes().splitlines(keepends=True)[:12]
    path = Path("news.jsonl")
    path.write_bytes(b"".join(lines))
    server = Server(path)
    page.open(server.start())
    page.until(lambda: page.js("return state.read === state.rows.length"))
    page.js("$('filter').value = 'open'; arrange(); return go(state.shown[1] || state.shown[0])")
    page.keys("\ue004", "\ue004")
    page.js("walkSuggestions(1)")
    time.sleep(0.5)
    page.driver.save_screenshot(str(out / "annotate.png"))
    server.stop()
    a, b = Path("anna.jsonl"), Path("ben.jsonl")
    first = json.loads(lines[0])
    second = json.loads(lines[0])
    del second["spans"][2]
    second["spans"][-1]["label"] = "PERCENT"
    a.write_text(json.dumps(first, ensure_ascii=False) + "\n", encoding="utf-8")
    b.write_text(json.dumps(second, ensure_ascii=False) + "\n", encoding="utf-8")
    server = Server(a, b, "--into", "settled.jsonl")
    page.open(server.start())
    page.js("walkSuggestions(1)")
    time.sleep(0.5)
    page.driver.save_screenshot(str(out / "annotate-two.png"))
    server.stop()


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--images", type=Path, help="take screenshots into this folder instead of measuring")
    arguments.add_argument("--edits", type=int, default=200)
    arguments.add_argument("--kills", type=int, default=20)
    given = arguments.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        driver = browser(folder / "profile")
        try:
            page = Page(driver)
            if given.images:
                images(page, folder, given.images)
                os.chdir(ROOT)
                return
            print(keypress(page, folder), flush=True)
            print(many(page, folder, 10_000), flush=True)
            print(killed(page, folder, given.edits, given.kills), flush=True)
        finally:
            driver.quit()


if __name__ == "__main__":
    main()
