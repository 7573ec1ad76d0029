"""Where a caption may break: the cost of separating two words."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from itertools import pairwise
from typing import Literal

from autoclip.speech.transcript import CLOSING, Word, ends_sentence

_CLAUSE_END = re.compile(rf"[,;:—–、，；：،؛][{CLOSING}]*$")
_EDGE = re.compile(r"^\W+|\W+$")
_NOT_AT_LINE_START = re.compile(
    r"^[。、，．！？）」』】〉》…ー々ぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮ：；,.!?:;)\]%]"
)
"""Japanese line breaking (kinsoku shori, JIS X 4051): closing marks and small kana never start a line."""

_KANA_END = re.compile(r"[\u3041-\u309f]$")
_PHRASE_START = re.compile(r"^[「『（(\u30a1-\u30fa\u3400-\u9fff]")
"""Where a Japanese phrase begins: behind the hiragana that end the one before it (particles, endings)."""
_UNSPACED_ENDS = re.compile(r"[\u3041-\u30ff\u3400-\u9fff]$")
_UNSPACED_STARTS = re.compile(r"^[\u3041-\u30ff\u3400-\u9fff]")

_CONJUNCTIONS = """
    and but or so because that which who if when while although where than
    und aber oder weil dass ob wenn während denn sondern obwohl
    et mais ou car parce que qui si quand donc
    y pero porque cuando aunque
"""
_PREPOSITIONS = """
    in on at to for from with by of about into over under after before without between through
    auf an für von mit bei nach aus zu über unter ohne zwischen durch gegen
    dans sur avec pour par sans chez vers de en con para por sin sobre entre
"""
_DETERMINERS = """
    a an the my your his her its our their this these those no very i you he she we they is are was were be will
    would can could has have had not mr mrs ms dr
    der die das den dem des ein eine einen einem einer eines mein dein sein ihr unser kein ich du er sie wir im am zum
    zur le la les un une mon ma mes ton son sa ses je tu il elle nous vous ils au el los las una unos unas mi su
"""
_BEFORE_CONJUNCTION = frozenset(_CONJUNCTIONS.split())
_BEFORE_PREPOSITION = frozenset(_PREPOSITIONS.split())
_NEVER_BEHIND = _BEFORE_CONJUNCTION | _BEFORE_PREPOSITION | frozenset(_DETERMINERS.split())
_PAUSE_SEC = 0.3
"""Minimum pause in seconds that listeners perceive as one; it exceeds pauses inside phrases (Campione & Véronis 2002).
"""

PHRASE = 3.0
"""Cost of a break between two phrases of a clause that no space parts."""

FORBIDDEN = 100.0
"""Cost of a break that is made only if nothing else fits."""


def break_costs(words: Sequence[Word]) -> list[float]:
    """Return the cost of a break between each two words. The lower the cost, the better the break.

    The order follows the BBC's Subtitle Guidelines ("Line breaks") and Netflix's English Timed Text Style Guide ("Line
    treatment"): after a sentence, after a clause, before a conjunction, before a preposition; never between an article,
    a pronoun or a preposition and the word it belongs to. The numbers are our own.

    Returns
    -------
    list of float
        The cost of a break before each word; that before the first word and that after the last are 0.
    """
    if not words:
        return [0.0]
    inner = [_cost(earlier.text, later.text, later.start_sec - earlier.end_sec) for earlier, later in pairwise(words)]
    return [0.0, *inner, 0.0]


def width_of(text: str) -> int:
    """Return the columns that a text takes: its visible characters, without combining marks."""
    return sum(1 for letter in text if not unicodedata.combining(letter) and unicodedata.category(letter) != "Cf")


def script_of(text: str) -> Literal["japanese", "korean", "chinese", "arabic", "spaced"]:
    """Return the script that limits a line: that of at least a third of the letters, else a script with spaces."""
    letters = [letter for letter in text if letter.isalpha()]
    names = [unicodedata.name(letter, "") for letter in letters]
    enough = max(1, len(letters) / 3)

    def written(*scripts: str) -> int:
        return sum(name.startswith(scripts) for name in names)

    kana, han = written("HIRAGANA", "KATAKANA"), written("CJK")
    if kana and kana + han >= enough:
        return "japanese"
    if written("HANGUL") >= enough:
        return "korean"
    if han >= enough:
        return "chinese"
    return "arabic" if written("ARABIC") >= enough else "spaced"


def _cost(earlier: str, later: str, pause_sec: float) -> float:
    if _NOT_AT_LINE_START.match(later):
        return FORBIDDEN
    if ends_sentence(earlier):
        return 0.0
    if _CLAUSE_END.search(earlier):
        return 1.0
    return _cost_inside_clause(earlier, later) - (1.5 if pause_sec >= _PAUSE_SEC else 0.0)


def _cost_inside_clause(earlier: str, later: str) -> float:
    if _KANA_END.search(earlier) and _PHRASE_START.match(later):
        return PHRASE
    if _UNSPACED_ENDS.search(earlier) and _UNSPACED_STARTS.match(later):
        return 9.0
    before, after = (_EDGE.sub("", word).lower() for word in (earlier, later))
    if before in _NEVER_BEHIND:
        return 10.0
    if after in _BEFORE_CONJUNCTION:
        return 2.0
    return 3.0 if after in _BEFORE_PREPOSITION else 5.0
