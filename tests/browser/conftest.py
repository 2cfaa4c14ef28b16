"""A real Chromium, and a real server."""

import json
import os
import sys
from pathlib import Path

import pytest
from selenium import webdriver

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parent.parent / "annotate")]

from chromium import FLAGS, Page, Server  # noqa: E402
from rows import gold_file  # noqa: E402


@pytest.fixture(scope="session")
def driver(tmp_path_factory):
    options = webdriver.ChromeOptions()
    for flag in FLAGS:
        options.add_argument(flag)
    options.add_argument(f"--user-data-dir={tmp_path_factory.mktemp('chromium')}")
    options.binary_location = os.environ.get("CHROMIUM", "/usr/bin/chromium")
    service = webdriver.ChromeService(os.environ.get("CHROMEDRIVER", "/usr/bin/chromedriver"))
    made = webdriver.Chrome(options=options, service=service)
    made.set_script_timeout(60)
    yield made
    made.quit()


@pytest.fixture
def gold(tmp_path):
    return gold_file(tmp_path)


@pytest.fixture
def serve():
    servers = []

    def make(*arguments):
        servers.append(Server(*arguments))
        return servers[-1]

    yield make
    for server in servers:
        server.stop()


@pytest.fixture
def server(gold, serve):
    return serve(gold)


@pytest.fixture
def page(driver, server):
    page = Page(driver)
    page.open(server.start())
    yield page
    driver.get("about:blank")


@pytest.fixture
def rows(gold):
    """The rows on disk by id."""

    def read(path=gold):
        out = {}
        for line in path.read_bytes().split(b"\n"):
            if line.strip() and b"half a li" not in line:
                row = json.loads(line)
                out[row["id"]] = row
        return out

    return read
