"""The languages, one folder each, and which of them a text is in."""

from __future__ import annotations

from finextract.languages.identify import LANGUAGES, LanguageError, identify

__all__ = ["LANGUAGES", "LanguageError", "identify"]
