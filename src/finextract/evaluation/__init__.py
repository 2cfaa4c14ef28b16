"""Scores, confidence intervals, errors and reports, over raw character offsets.

``score(gold_rows, predictions)`` is all that most callers need.
"""

from __future__ import annotations

from finextract.evaluation.errors import Error, find_errors
from finextract.evaluation.scores import Report, Score, score, spans_of, surfaces, value_key

__all__ = ["Error", "Report", "Score", "find_errors", "score", "spans_of", "surfaces", "value_key"]
