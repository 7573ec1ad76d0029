"""Chat activity: how many people write, laugh and repeat each other in each step of the grid."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from autoclip.chat.messages import ChatLog
from autoclip.timeline import Grid

ONE_VOICE_SEC = 20.0
"""A chatter counts once within this time, in seconds, so that one spammer is not a crowd."""

MIN_LAUGH_RUN = 3
"""A letter or syllable three times in a row is laughter in any script ("hahaha", "5555", "wwww"), or a drawn-out shout.
"""


@dataclass(frozen=True, slots=True)
class ChatActivity:
    """Chat activity in each step of the grid. Every array has the shape ``(grid.count,)`` and is float32.

    Attributes
    ----------
    messages : ndarray
        Messages sent in the step.
    chatters : ndarray
        People who wrote in the step and had been silent for `ONE_VOICE_SEC`.
    laughter : ndarray
        People who laughed in the step and had not laughed for `ONE_VOICE_SEC`.
    repeats : ndarray
        People who wrote in the step what somebody else had written within `ONE_VOICE_SEC`.
    """

    messages: NDArray[np.float32]
    chatters: NDArray[np.float32]
    laughter: NDArray[np.float32]
    repeats: NDArray[np.float32]


def chat_activity(log: ChatLog, grid: Grid) -> ChatActivity:
    """Count the activity of a chat on a grid. Messages before and after the video are left out.

    Parameters
    ----------
    log : ChatLog
        The chat, ordered by time.
    grid : Grid
        The video's sampling grid.
    """
    log = log.only((log.time_sec >= 0) & (log.time_sec < grid.count * grid.step_sec))
    everybody = np.ones(log.time_sec.size, bool)
    laughing = log.longest_run >= MIN_LAUGH_RUN
    repeating = _repeats_another(log)
    return ChatActivity(
        _counted(log, everybody, grid),
        _counted(log, everybody & _new_voice(log, everybody), grid),
        _counted(log, laughing & _new_voice(log, laughing), grid),
        _counted(log, repeating & _new_voice(log, repeating), grid),
    )


def _counted(log: ChatLog, chosen: NDArray[np.bool_], grid: Grid) -> NDArray[np.float32]:
    steps = np.minimum((log.time_sec[chosen] / grid.step_sec).astype(np.int64), grid.count - 1)
    return np.bincount(steps, minlength=grid.count).astype(np.float32)


def _new_voice(log: ChatLog, among: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Mark the messages of a kind whose author sent none of that kind in the `ONE_VOICE_SEC` before; shape ``(n,)``."""
    marked = np.zeros(log.time_sec.size, bool)
    chosen = np.flatnonzero(among)
    order = chosen[np.lexsort((log.time_sec[chosen], log.chatter[chosen]))]
    if order.size:
        same = log.chatter[order][1:] == log.chatter[order][:-1]
        near = np.diff(log.time_sec[order]) < ONE_VOICE_SEC
        marked[order] = np.concatenate([[True], ~(same & near)])
    return marked


def _repeats_another(log: ChatLog) -> NDArray[np.bool_]:
    """Mark the messages whose words somebody else wrote in the `ONE_VOICE_SEC` before; shape ``(n,)``."""
    marked = np.zeros(log.time_sec.size, bool)
    order = np.lexsort((log.time_sec, log.text))
    if order.size:
        same = log.text[order][1:] == log.text[order][:-1]
        near = np.diff(log.time_sec[order]) < ONE_VOICE_SEC
        other = log.chatter[order][1:] != log.chatter[order][:-1]
        marked[order[1:]] = same & near & other
    return marked
