"""Normalize search words and sentences alike: case, accents, inflection, scripts without spaces."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from autoclip.errors import ParameterError

_TERM = re.compile(r'"([^"]*)"|(\S+)')
_TOKEN = re.compile(r"\w+")
_UNSPACED = re.compile(r"([\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff])")
_KANA = re.compile(r"[\u3040-\u30ff]")
_ENDINGS = re.compile(r"(?:ern|en|em|er|es|e|n|s)$")
"""Word endings in German, Dutch, French and Spanish. The stemmer handles English."""
_MIN_STEM = 4
"""Minimum number of letters of a word that is used as a prefix; shorter ones match too many words."""
_POSSESSIVE = re.compile(r"(?<=\w)['’]s$", re.IGNORECASE)
_LETTERS = str.maketrans({"æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ħ": "h", "ı": "i"})
"""Letters that Unicode does not decompose, in lower case."""
_IRREGULAR = (
    "bad worse worst,begin began begun,bite bit bitten,blow blew blown,break broke broken,bring brought,"
    "build built,buy bought,catch caught,child children,choose chose chosen,come came,do did done,"
    "draw drew drawn,drink drank drunk,drive drove driven,eat ate eaten,fall fell fallen,feel felt,"
    "fight fought,find found,fly flew flown,foot feet,forget forgot forgotten,freeze froze frozen,"
    "get got gotten,give gave given,go went gone,good better best,grow grew grown,half halves,hear heard,"
    "hide hid hidden,hold held,keep kept,knife knives,know knew known,lead led,leave left,life lives,lose lost,"
    "make made,man men,mean meant,meet met,mouse mice,pay paid,person people,ride rode ridden,rise rose risen,"
    "run ran,say said,see saw seen,seek sought,sell sold,send sent,shake shook shaken,shoot shot,"
    "show showed shown,sing sang sung,sink sank sunk,sit sat,sleep slept,speak spoke spoken,spend spent,"
    "stand stood,steal stole stolen,stick stuck,strike struck,swim swam swum,take took taken,teach taught,"
    "tear tore torn,tell told,think thought,throw threw thrown,tooth teeth,understand understood,"
    "wake woke woken,wear wore worn,wife wives,win won,wolf wolves,woman women,write wrote written"
)
"""Common English words with forms that the stemmer does not bring together; the base form comes first."""
MAX_QUERY_CHARS = 500


def folded(text: str) -> str:
    """Normalize a text for search: lower case, no accents, a space around letters of scripts without spaces.

    The voicing marks of kana stay, since they change the syllable.
    """
    letters = unicodedata.normalize("NFC", text).casefold().translate(_LETTERS)
    plain = "".join(_without_accents(letter) for letter in letters)
    return _UNSPACED.sub(r" \1 ", plain)


def match_expression(words: str) -> str:
    """Return the FTS5 expression of a search: every word in any order, quoted words next to each other.

    A word of five letters or more matches every word that begins with its stem ("deadlines" finds "deadline"). Common
    irregular forms of English match each other ("running" finds "ran").

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
    tokens = _TOKEN.findall(folded(_POSSESSIVE.sub("", word) if word else phrase or ""))
    if not tokens:
        return ""
    exact = f'"{" ".join(tokens)}"'
    if phrase is not None or len(tokens) > 1:
        return exact
    found = [exact, *(f'"{form}"' for form in _FORMS.get(tokens[0], ()))]
    stem = _ENDINGS.sub("", tokens[0])
    stem = stem if len(stem) >= _MIN_STEM else tokens[0]
    if len(stem) >= _MIN_STEM:
        found.append(f'"{stem}" *')
    return f"({' OR '.join(found)})" if len(found) > 1 else exact


def _inflected(forms: Sequence[str]) -> tuple[str, ...]:
    """Return the forms of a word, with the regular ones of its base."""
    base = forms[0]
    return *forms, f"{base}s", f"{base}es", f"{base}ing", f"{base[:-1]}ing", f"{base}{base[-1]}ing"


_FORMS = {form: group for group in map(str.split, _IRREGULAR.split(",")) for form in _inflected(group)}


def _without_accents(letter: str) -> str:
    if letter.isascii() or _KANA.match(letter):
        return letter
    return "".join(part for part in unicodedata.normalize("NFKD", letter) if unicodedata.category(part) != "Mn")
