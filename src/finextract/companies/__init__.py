"""Companies: the knowledge base, names found in text, evidence for ambiguous ones, and linking."""

from finextract.companies.cues import THRESHOLD, Evidence, evidence, hit_score
from finextract.companies.index import CompanyIndex, Hit
from finextract.companies.linker import link
from finextract.companies.records import CompanyRecord, KnowledgeBase

__all__ = [
    "THRESHOLD",
    "CompanyIndex",
    "CompanyRecord",
    "Evidence",
    "Hit",
    "KnowledgeBase",
    "evidence",
    "hit_score",
    "link",
]
