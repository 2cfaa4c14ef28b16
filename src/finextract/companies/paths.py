"""Where model folders lie: the environment, the installed package, or ``models/`` of a checkout, in that order."""

from __future__ import annotations

import os
from pathlib import Path

ENVIRONMENT = "FINEXTRACT_MODELS"


class ModelNotFoundError(FileNotFoundError):
    """No folder of that name where models are looked for; ``code`` is stable."""

    code = "model-not-found"


def model_roots() -> list[Path]:
    """The folders searched for models, first match wins."""
    package = Path(__file__).resolve().parents[1]
    roots = [package / "models", package.parents[1] / "models"]
    if set_by_user := os.environ.get(ENVIRONMENT):
        roots.insert(0, Path(set_by_user))
    return roots


def find_model(name: str) -> Path:
    """The folder of the model ``name``, recognised by its ``meta.json``."""
    tried = [root / name for root in model_roots()]
    for folder in tried:
        if (folder / "meta.json").is_file():
            return folder
    places = ", ".join(str(folder) for folder in tried)
    raise ModelNotFoundError(
        f"{ModelNotFoundError.code}: no model {name!r} (looked at {places}; {ENVIRONMENT} names another place)"
    )
