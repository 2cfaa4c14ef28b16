"""A server that can be killed, and what an annotator can do and see in Chromium."""

import select
import signal
import subprocess
import sys
import time

from selenium import webdriver
from selenium.webdriver.common.by import By

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--window-size=1500,900",
)


class Server:
    """``finextract annotate`` in a process of its own."""

    def __init__(self, *arguments, port=0):
        self.arguments = [str(a) for a in arguments]
        self.port = port
        self.process = None

    def start(self):
        code = "from finextract.cli import main; main()"
        command = [sys.executable, "-X", "utf8", "-c", code, "annotate", *self.arguments, "--port", str(self.port)]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        ready, _, _ = select.select([self.process.stdout], [], [], 120)
        assert ready, "the server did not start"
        link = self.process.stdout.readline().strip()
        self.port = int(link.split(":")[2].split("/")[0])
        return link

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self):
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(20)


class Page:
    """What an annotator can do, and see."""

    def __init__(self, driver):
        self.driver = driver

    def open(self, link):
        self.driver.get(link)
        self.until(lambda: self.js("return document.body.dataset.ready === 'yes'"))

    def js(self, code, *arguments):
        return self.driver.execute_script(code, *arguments)

    def until(self, true, seconds=60):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            try:
                if true():
                    return
            except Exception:  # the page may be in the middle of drawing
                pass
            time.sleep(0.03)
        raise AssertionError(f"this did not come about; the page says {self.status!r}")

    def one(self, css):
        return self.driver.find_element(By.CSS_SELECTOR, css)

    def all(self, css):
        return self.driver.find_elements(By.CSS_SELECTOR, css)

    def keys(self, *keys):
        for key in keys:
            webdriver.ActionChains(self.driver).send_keys(key).perform()

    def chord(self, *keys):
        webdriver.ActionChains(self.driver).key_down(keys[0]).send_keys(*keys[1:]).key_up(keys[0]).perform()

    def go(self, row_id):
        self.js("return go('id ' + arguments[0])", row_id)
        self.until(lambda: row_id in self.one("#where").text)

    def select(self, start, end):
        """Select by offsets, as dragging does."""
        self.js(
            "document.getElementById('text').focus(); setCaret(arguments[0], false); setCaret(arguments[1], true)",
            start,
            end,
        )

    @property
    def status(self):
        return self.one("#status").text

    @property
    def spans(self):
        """What is marked, as the document has it: label and text."""
        return self.js(
            "return [...document.querySelectorAll('#text .span')].map(e => [e.getAttribute('aria-label').split(' ')[0], e.textContent])"
        )

    def saved(self):
        self.until(lambda: self.js("return !state.pending.size && !state.flying && !state.reach"))
        self.until(lambda: self.status == "saved")
