"""The peers as they are loaded for speed (``measure.py``) and for accuracy (``peers.py``); imports nothing of ours, each peer when it is asked for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def ginza() -> Any:
    """ja_ginza with what finds names, and no more."""
    import spacy

    return spacy.load("ja_ginza", exclude=["parser", "morphologizer", "compound_splitter", "bunsetu_recognizer"])


def ms_recognizers(lang: str) -> dict[str, Any]:
    """The models of ms-recognizers-text by our label."""
    from ms_recognizers_date_time import DateTimeRecognizer
    from ms_recognizers_number import NumberRecognizer
    from ms_recognizers_number_with_unit import NumberWithUnitRecognizer

    culture = {"zh": "zh-cn", "de": "de-de", "ja": "ja-jp"}[lang]
    models = {"PERCENT": NumberRecognizer().get_percentage_model(culture, False)}
    if lang != "ja":  # its Japanese has neither money nor dates
        models["MONEY"] = NumberWithUnitRecognizer().get_currency_model(culture, False)
        models["QUARTER"] = DateTimeRecognizer().get_datetime_model(culture, False)
    return models


def duckling(lang: str) -> Callable[[str], Any]:
    """What duckling parses of a text: amounts of money and times."""
    from duckling import (
        Context,
        default_locale_lang,
        load_time_zones,
        parse,
        parse_dimensions,
        parse_lang,
        parse_ref_time,
    )

    zones = load_time_zones("/usr/share/zoneinfo")
    context = Context(parse_ref_time(zones, "UTC", 1_722_816_000), default_locale_lang(parse_lang(lang.upper())))
    dimensions = parse_dimensions(["amount-of-money", "time"])
    return lambda text: parse(text, context, dimensions, False)
