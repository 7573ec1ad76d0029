"""The chat of a stream as numeric columns: time, author and kind of each message. No name or text is kept."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

KNOWN_BOTS = frozenset(
    [
        "nightbot",
        "streamelements",
        "streamlabs",
        "moobot",
        "fossabot",
        "wizebot",
        "sery_bot",
        "soundalerts",
        "pokemoncommunitygame",
    ]
)
"""Account names that bot operators document; compared case-insensitively."""

MIN_ADVERT_LETTERS, MIN_ADVERT_TIMES = 20, 5
"""A chatter whose messages are mostly one text of this length, repeated this often, is a bot."""


MAX_TEXT = 1_000
"""Characters of a message that are read; sites allow 200 to 500. The time to find runs grows with the square of it."""


@dataclass(frozen=True, slots=True)
class ChatMessage:
    """One message of a chat file. It exists only while the file is read.

    Attributes
    ----------
    time_sec : float
        Seconds from the start of the video; negative before it.
    author : str
        Name or identifier of the chatter.
    text : str
        What was written, emotes by name.
    """

    time_sec: float
    author: str
    text: str


@dataclass(frozen=True, slots=True)
class ChatLog:
    """All messages of a chat, ordered by time.

    Attributes
    ----------
    time_sec : ndarray
        Shape ``(n,)``, float64, ascending: seconds from the start of the video.
    chatter : ndarray
        Shape ``(n,)``, int64: a number per chatter, valid only within this log.
    text : ndarray
        Shape ``(n,)``, int64: a number per text; texts with the same words share it.
    longest_run : ndarray
        Shape ``(n,)``, int16: the longest run of one letter or syllable, as in "hahaha", "5555", "ㅋㅋㅋ".
    """

    time_sec: NDArray[np.float64]
    chatter: NDArray[np.int64]
    text: NDArray[np.int64]
    longest_run: NDArray[np.int16]

    def shifted(self, seconds: float) -> ChatLog:
        """Return a copy with every message `seconds` later."""
        return ChatLog(self.time_sec + seconds, self.chatter, self.text, self.longest_run)

    def only(self, chosen: NDArray[np.bool_]) -> ChatLog:
        """Return the messages that a boolean mask of shape ``(n,)`` selects."""
        return ChatLog(self.time_sec[chosen], self.chatter[chosen], self.text[chosen], self.longest_run[chosen])


def chat_log(messages: Iterable[ChatMessage]) -> ChatLog:
    """Convert messages into columns, without bots and adverts.

    Parameters
    ----------
    messages : iterable of ChatMessage
        In any order.
    """
    people = [
        message
        for message in messages
        if message.author.casefold() not in KNOWN_BOTS and math.isfinite(message.time_sec)
    ]
    people.sort(key=lambda message: message.time_sec)
    texts = [_words(message.text[:MAX_TEXT]) for message in people]
    log = ChatLog(
        np.array([message.time_sec for message in people], np.float64),
        np.array([_number(message.author) for message in people], np.int64),
        np.array([_number(text) for text in texts], np.int64),
        np.array([longest_run(message.text[:MAX_TEXT]) for message in people], np.int16),
    )
    lengths = np.array([len(text) for text in texts], np.int64)
    return log.only(~_adverts(log, lengths))


def longest_run(text: str) -> int:
    """Return the length of the longest run of one letter or one two-letter syllable, ignoring case and white space."""
    squeezed = "".join(text.casefold().split())
    letters = max((len(match.group()) for match in re.finditer(r"(.)\1*", squeezed)), default=0)
    syllables = max((len(match.group(1)) // 2 for match in re.finditer(r"(?=((..)\2+))", squeezed)), default=0)
    return max(letters, syllables)


def _words(text: str) -> str:
    """Normalize a text so that near-repeats are equal: lower case, compatibility forms, no repeated characters."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return re.sub(r"(.)\1+", r"\1", " ".join(folded.split()))


def _number(text: str) -> int:
    """Hash a text to 63 bits (BLAKE2b), so that collisions are negligible."""
    return int.from_bytes(blake2b(text.encode(errors="surrogatepass"), digest_size=8).digest()) >> 1


def _adverts(log: ChatLog, lengths: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Mark the messages of chatters who mostly repeat one long text; shape ``(n,)``."""
    if not log.time_sec.size:
        return np.zeros(0, bool)
    _, who = np.unique(log.chatter, return_inverse=True)
    pairs, first, pair, times = np.unique(
        np.stack([who, log.text]), axis=1, return_index=True, return_inverse=True, return_counts=True
    )
    written = np.bincount(who)
    machine = (times >= MIN_ADVERT_TIMES) & (lengths[first] >= MIN_ADVERT_LETTERS) & (2 * times > written[pairs[0]])
    return np.isin(who, pairs[0][machine]) & (pair.ravel() >= 0)
