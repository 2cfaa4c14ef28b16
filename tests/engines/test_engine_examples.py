"""The Spark and Ray examples of docs/scale.md."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

_spec = importlib.util.spec_from_file_location(
    "adapter_examples", Path(__file__).parents[1] / "adapters" / "test_examples.py"
)
assert _spec is not None and _spec.loader is not None
examples = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(examples)

NAMES = [name for name, _ in examples.EXAMPLES if name in examples.ENGINES]


def test_both_are_shown() -> None:
    assert len(NAMES) == 2


@pytest.mark.parametrize("name", NAMES)
def test_example(name: str) -> None:
    examples.run(dict(examples.EXAMPLES)[name])
