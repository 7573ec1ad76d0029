"""Words to look for and sentences to look in, folded alike: case, accents, inflection, scripts without spaces."""

from __future__ import annotations

import re
import unicodedata

from autoclip.errors import ParameterError

_TERM = re.compile(r'"([^"]*)"|(\S+)')
_TOKEN = re.compile(r"\w+")
_UNSPACED = re.compile(r"([\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff])")
_KANA = re.compile(r"[\u3040-\u30ff]")
_ENDINGS = re.compile(r"(?:ern|en|em|er|es|e|n|s)$")
"""Endings of German, Dutch, French and Spanish words; English ones are the stemmer's business."""
_MIN_STEM = 4
"""Letters from which on a word stands for all that begin with it: shorter ones begin too many others."""
MAX_QUERY_CHARS = 500


def folded(text: str) -> str:
    """Return a text as it is looked up: lower case, without accents, a space around letters of unspaced scripts.

    The sound marks of kana stay: they are other syllables, not accents.
    """
    plain = "".join(_without_accents(letter) for letter in unicodedata.normalize("NFC", text).casefold())
    return _UNSPACED.sub(r" \1 ", plain)


def match_expression(words: str) -> str:
    """Return what SQLite's FTS5 is asked for a search: every word, in any order; quoted ones next to each other.

    A word of five letters or more stands for every word that begins with its stem ("deadlines" finds "deadline").

    Raises
    ------
    ParameterError
        If there is no letter or digit in it, or it is longer than `MAX_QUERY_CHARS`.
    """
    if len(words) > MAX_QUERY_CHARS:
        raise ParameterError(f"the search has {len(words)} characters; use at most {MAX_QUERY_CHARS}")
    asked = [_asked(*match.groups()) for match in _TERM.finditer(words)]
    terms = [term for term in asked if term]
    if not terms:
        raise ParameterError(f"{words!r} has no word in it to look for")
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
