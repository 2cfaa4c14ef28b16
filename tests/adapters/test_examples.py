"""The examples of docs/scale.md, run as they stand; ``# Out:`` lines are what they print."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[2] / "docs" / "scale.md"
ENGINES = ("PySpark", "Spark", "Ray", "Ray Data")  # heavy, and Spark wants Java: tests/engines runs these
EXAMPLES = re.findall(r"^### ([^\n]+)\n\n```python\n(.*?)^```", PAGE.read_text("utf-8"), re.DOTALL | re.MULTILINE)


def test_every_adapter_has_one() -> None:
    folder = Path(__file__).parents[2] / "src" / "finextract" / "adapters"
    shown = " ".join(code for _, code in EXAMPLES)
    for module in folder.glob("[a-z]*.py"):
        assert module.stem == "sql" or f"finextract.adapters.{module.stem} import" in shown


@pytest.mark.parametrize("name", [name for name, _ in EXAMPLES if name not in ENGINES])
def test_example(name: str) -> None:
    run(dict(EXAMPLES)[name])


def run(code: str) -> None:
    """Run an example in a process of its own and hold it against what it says it prints."""
    assert len(code.splitlines()) <= 12
    wanted = re.findall(r"^# Out: (.*)$", code, re.MULTILINE)
    assert wanted
    environment = {**os.environ, "PYSPARK_PYTHON": sys.executable, "PYTHONUTF8": "1"}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, encoding="utf-8", timeout=300, env=environment
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == wanted
