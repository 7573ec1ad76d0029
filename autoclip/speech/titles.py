"""Titles and quotations for the speech in a clip."""

from __future__ import annotations

import re
from collections.abc import Sequence

from autoclip.speech.interest import InterestMeter, bare
from autoclip.speech.transcript import Sentence, Word, joined

MAX_TITLE_CHARS = 60
"""Maximum length of a title: lists of clips and most video sites show this many characters without truncation."""

MAX_QUOTE_CHARS = 90

_DISCOURSE = frozenset(
    ("so", "and", "but", "well", "now", "okay", "ok", "yeah", "right", "um", "uh", "und", "also", "ja", "nun", "tja")
)
"""Words that open a sentence and add nothing to a title."""

_BREAK = re.compile(r"[,;:–—]$")


def title_of(sentences: Sequence[Sentence], meter: InterestMeter) -> str:
    """Name a stretch of speech after its first question, else its most interesting sentence; empty without words."""
    chosen = _telling(sentences, meter)
    if chosen is None:
        return ""
    words = list(chosen.spoken)
    while len(words) > 1 and bare(words[0]) in _DISCOURSE:
        words = words[1:]
    text = _shortened(words, MAX_TITLE_CHARS)
    text = text if text.endswith(("?", "？", "؟", "…")) else text.rstrip(".!,;:。！ ")
    return text[:1].upper() + text[1:]


def quote_of(sentences: Sequence[Sentence], meter: InterestMeter) -> str:
    """Quote the sentence that a stretch of speech is named after; empty without words."""
    chosen = _telling(sentences, meter)
    return _shortened(chosen.spoken, MAX_QUOTE_CHARS) if chosen else ""


def _telling(sentences: Sequence[Sentence], meter: InterestMeter) -> Sentence | None:
    """Return the sentence that best summarizes a stretch of speech."""
    whole = [s for s in sentences if len(s.spoken) > 2] or [s for s in sentences if s.spoken]  # noqa: PLR2004
    if not whole:
        return None
    question = next((sentence for sentence in whole[:-1] if sentence.is_question), None)
    return question or max(whole, key=lambda sentence: (round(meter.of([sentence]).score, 2), -sentence.start_sec))


def _shortened(words: Sequence[Word], longest: int) -> str:
    """Shorten words to at most a number of characters, at a comma if there is one near the end."""
    text = joined(words)
    if len(text) <= longest:
        return text
    kept = list(words)
    while len(kept) > 1 and len(joined(kept)) > longest - 1:
        kept = kept[:-1]
    clause = next((n for n in range(len(kept), len(kept) // 2, -1) if _BREAK.search(kept[n - 1].text)), len(kept))
    return joined(kept[:clause])[: longest - 1].rstrip(",;:–— ") + "…"
