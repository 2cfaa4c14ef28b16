"""The sound corpus as a fixture."""

import gold_corpus
import pytest


@pytest.fixture
def corpus(tmp_path):
    """The folder of a corpus without any finding."""
    return gold_corpus.write(tmp_path)
