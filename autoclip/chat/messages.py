"""The chat of a stream as columns of numbers: when, by whom, and what kind of message. No name or text is kept."""

from __future__ import annotations

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
"""Bots by the account names that their operators document; compared without case."""

MIN_ADVERT_LETTERS, MIN_ADVERT_TIMES = 20, 5
"""A chatter most of whose messages are one text of this length, this often, posts by machine."""


@dataclass(frozen=True, slots=True)
class ChatMessage:
    """One message as a file tells it; lives only while the file is read.

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
    """All messages of a chat by time.

    Attributes
    ----------
    time_sec : ndarray
        Shape ``(n,)``, float64, ascending: seconds from the start of the video.
    chatter : ndarray
        Shape ``(n,)``, int64: the same number for the same chatter, of no meaning elsewhere.
    text : ndarray
        Shape ``(n,)``, int64: the same number for texts with the same words.
    longest_run : ndarray
        Shape ``(n,)``, int16: how often a letter or syllable follows itself at most, as in "hahaha", "5555", "ㅋㅋㅋ".
    """

    time_sec: NDArray[np.float64]
    chatter: NDArray[np.int64]
    text: NDArray[np.int64]
    longest_run: NDArray[np.int16]

    def shifted(self, seconds: float) -> ChatLog:
        """Return the same chat, every message `seconds` later."""
        return ChatLog(self.time_sec + seconds, self.chatter, self.text, self.longest_run)

    def only(self, chosen: NDArray[np.bool_]) -> ChatLog:
        """Return the messages that a mask of shape ``(n,)`` chooses."""
        return ChatLog(self.time_sec[chosen], self.chatter[chosen], self.text[chosen], self.longest_run[chosen])


def chat_log(messages: Iterable[ChatMessage]) -> ChatLog:
    """Turn messages into columns; bots and adverts are left out.

    Parameters
    ----------
    messages : iterable of ChatMessage
        In any order.
    """
    people = [message for message in messages if message.author.casefold() not in KNOWN_BOTS]
    people.sort(key=lambda message: message.time_sec)
    texts = [_words(message.text) for message in people]
    log = ChatLog(
        np.array([message.time_sec for message in people], np.float64),
        np.array([_number(message.author) for message in people], np.int64),
        np.array([_number(text) for text in texts], np.int64),
        np.array([longest_run(message.text) for message in people], np.int16),
    )
    lengths = np.array([len(text) for text in texts], np.int64)
    return log.only(~_adverts(log, lengths))


def longest_run(text: str) -> int:
    """Tell how often a letter or a syllable of two follows itself at most, without regard to case and white space."""
    squeezed = "".join(text.casefold().split())
    letters = max((len(match.group()) for match in re.finditer(r"(.)\1*", squeezed)), default=0)
    syllables = max((len(match.group(1)) // 2 for match in re.finditer(r"(?=((..)\2+))", squeezed)), default=0)
    return max(letters, syllables)


def _words(text: str) -> str:
    """Return what near-repeats have in common: lower case, compatibility forms, runs of a character cut to one."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return re.sub(r"(.)\1+", r"\1", " ".join(folded.split()))


def _number(text: str) -> int:
    """Return a number for a text; 63 bits of BLAKE2b, so that two texts meet by chance once in billions."""
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest()) >> 1


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
