"""Gold files as people leave them, and what opens them."""

import json
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from rows import gold_file  # noqa: E402

from finextract.annotate.store import Store  # noqa: E402


@pytest.fixture
def gold(tmp_path):
    """A file in several hands' formatting, with everything that offsets can stumble over."""
    return gold_file(tmp_path)


@pytest.fixture
def store(gold):
    opened = Store(gold)
    opened.open()
    yield opened
    opened.journal.close()


@pytest.fixture
def by_id():
    """The rows of a file by their ids."""

    def read(path):
        return {r["id"]: r for line in path.read_bytes().splitlines() if line.strip() for r in [json.loads(line)]}

    return read
