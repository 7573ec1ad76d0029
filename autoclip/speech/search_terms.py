"""Normalize search words and sentences alike: case, accents, inflection, scripts without spaces."""

from __future__ import annotations

import re
import unicodedata

from autoclip.errors import ParameterError

_TERM = re.compile(r'"([^"]*)"|(\S+)')
_TOKEN = re.compile(r"\w+")
_UNSPACED = re.compile(r"([\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff])")
_KANA = re.compile(r"[\u3040-\u30ff]")
_ENDINGS = re.compile(r"(?:ern|en|em|er|es|e|n|s)$")
"""Word endings in German, Dutch, French and Spanish. The stemmer handles English."""
_MIN_STEM = 4
"""Minimum number of letters of a word that is used as a prefix; shorter ones match too many words."""
MAX_QUERY_CHARS = 500


def folded(text: str) -> str:
    """Normalize a text for search: lower case, no accents, a space around letters of scripts without spaces.

    The voicing marks of kana stay, since they change the syllable.
    """
    plain = "".join(_without_accents(letter) for letter in unicodedata.normalize("NFC", text).casefold())
    return _UNSPACED.sub(r" \1 ", plain)


def match_expression(words: str) -> str:
    """Return the FTS5 expression of a search: every word in any order, quoted words next to each other.

    A word of five letters or more matches every word that begins with its stem ("deadlines" finds "deadline").

    Raises
    ------
    ParameterError
        If it contains no letter or digit, or it is longer than `MAX_QUERY_CHARS`.
    """
    if len(words) > MAX_QUERY_CHARS:
        raise ParameterError(f"the search has {len(words)} characters; use at most {MAX_QUERY_CHARS}")
    asked = [_asked(*match.groups()) for match in _TERM.finditer(words)]
    terms = [term for term in asked if term]
    if not terms:
        raise ParameterError(f"{words!r} contains no word to search for")
    return " AND ".join(terms)


def _asked(phrase: str | None, word: str | None) -> str:
    tokens = _TOKEN.findall(folded(word or phrase or ""))
    if not tokens:
        return ""
    exact = f'"{" ".join(tokens)}"'
    if phrase is not None or len(tokens) > 1:
        return exact
    stem = _ENDINGS.sub("", tokens[0])
    stem = stem if len(stem) >= _MIN_STEM else tokens[0]
    return f'({exact} OR "{stem}" *)' if len(stem) >= _MIN_STEM else exact


def _without_accents(letter: str) -> str:
    if letter.isascii() or _KANA.match(letter):
        return letter
    return "".join(part for part in unicodedata.normalize("NFKD", letter) if unicodedata.category(part) != "Mn")
