"""The catalogue of findings: stable codes, each with its severity and one sentence for the documentation.

G1xx the file and its JSON, G2xx the schema, G3xx offsets and surfaces, G4xx values, G5xx the corpus, G6xx tokens.
A code never changes its meaning; new findings get new codes.
"""

from __future__ import annotations

from typing import NamedTuple


class Code(NamedTuple):
    severity: str
    """``error`` fails a check, ``warning`` only with ``--strict``."""
    meaning: str


CODES: dict[str, Code] = {
    "G101": Code("error", "The file begins with a byte-order mark."),
    "G102": Code("error", "Lines end in CRLF."),
    "G103": Code("error", "A byte is not UTF-8."),
    "G104": Code("error", "A marker of an unresolved merge stands in the file."),
    "G105": Code("warning", "A line is blank."),
    "G106": Code("error", "A line is no JSON."),
    "G107": Code("error", "A line breaks off: half of a row."),
    "G108": Code("error", "Typographic quotation marks stand where JSON wants straight ones."),
    "G109": Code("error", "A key occurs twice in one object."),
    "G110": Code("error", "NaN or an infinity, which JSON does not have."),
    "G111": Code("error", "A line holds something other than an object."),
    "G112": Code("warning", "The last line has no line feed."),
    "G201": Code("error", "A required field is missing."),
    "G202": Code("error", "A field has the wrong type."),
    "G203": Code("error", "The language is none of the project's."),
    "G204": Code("error", "The date is no day of the calendar in the form YYYY-MM-DD."),
    "G205": Code("error", "A floating-point number stands where an integer or a decimal string belongs."),
    "G206": Code("error", "The label is unknown."),
    "G207": Code("error", "The value does not have the form that its label asks for."),
    "G208": Code("error", "A string is empty, or holds half of a surrogate pair."),
    "G301": Code("error", "Offsets lie outside the text, or the end is not after the start."),
    "G302": Code("error", "The text at the offsets is not the span's surface; the surface stands elsewhere."),
    "G303": Code("error", "The span's surface does not occur in the text."),
    "G304": Code("error", "Two spans overlap."),
    "G305": Code("error", "A span begins or ends with white space."),
    "G306": Code("error", "Spans are not in the order of their position."),
    "G308": Code("warning", "A boundary separates a character from its combining mark, joiner or variation selector."),
    "G401": Code("error", "The grammar reads another number, currency, unit or quarter from the surface."),
    "G402": Code("warning", "The grammar reads another modifier, year or kind of year from the context."),
    "G403": Code("warning", "The grammar sets the span's boundaries elsewhere."),
    "G404": Code("warning", "The grammar finds a span that is not annotated."),
    "G405": Code("warning", "One company surface carries different names."),
    "G406": Code("warning", "A company's surface also stands unmarked in the same text."),
    "G501": Code("error", "An id occurs twice."),
    "G502": Code("error", "A text occurs twice."),
    "G503": Code("error", "A row is not in the manifest of splits."),
    "G504": Code("error", "A row of the manifest is missing from its file."),
    "G505": Code("error", "A text is not the one that the manifest was made for."),
    "G506": Code("error", "A row stands in the file of another split or language."),
    "G507": Code("error", "More than half of a test split's company mentions carry a name seen in training."),
    "G508": Code("error", "The manifest of splits cannot be read."),
    "G601": Code("error", "A boundary is no token boundary."),
}
