"""The result of an extraction: every signal on one grid, and the events."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from autoclip.timeline import Grid

EventKind = Literal["cut", "black", "freeze", "fade", "dissolve", "chapter", "credits"]

ENVELOPE_STEP_SEC = 0.02
"""Hop of the loudness envelope in seconds: fine enough to resolve a pause of 150 ms between words."""

SIGNAL_UNITS: Mapping[str, str] = {
    "audio_rms": "full scale = 1",
    "audio_dbfs": "dBFS",
    "loudness_lufs": "LUFS",
    "midband_dbfs": "dBFS",
    "onset_strength": "",
    "speech_activity": "share",
    "motion_score": "share of full range",
    "picture_change": "share of full range",
    "luma_mean": "share of full range",
    "most_replayed": "share of peak",
    "chat_messages": "messages",
    "chat_chatters": "people",
    "chat_laughter": "people",
    "chat_repeats": "people",
}
"""Every signal by name, and its unit.

``audio_rms`` is the spec's sqrt(mean(samples^2)) of the mono mix; ``audio_dbfs`` is 20 log10 of it, floored at -120;
``loudness_lufs`` is the loudest momentary (400 ms, K-weighted, EBU R128) loudness in the step; ``midband_dbfs`` is the
loudest 100 ms between 500 and 2000 Hz in the step; ``onset_strength`` is the positive part of the spectral flux;
``speech_activity`` is the mean depth of modulation at the rate of syllables; ``motion_score`` is the mean absolute luma
difference of frames ``1 / motion_fps`` apart; ``picture_change`` is the median, over the step, of the mean absolute
difference of successive decoded frames: motion at the rate of the video, on which a cut or a flash has no effect;
``luma_mean`` is the mean luma; ``most_replayed`` is the heatmap of a download; the ``chat_`` signals are those of
`autoclip.chat.activity.ChatActivity`."""


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened at a time.

    Attributes
    ----------
    kind : str
        ``cut`` (hard shot boundary), ``fade`` or ``dissolve`` (gradual one), ``black``, ``freeze``, ``chapter``,
        ``credits`` (rolling text, and cards of text at the video's ends).
    start_sec : float
        Seconds; of a cut, the presentation time of the new shot's first frame.
    end_sec : float or None
        First instant after the event; None for an event without a duration (a cut, a chapter mark).
    score : float
        Confidence of the detector, in [0, 1].
    """

    kind: EventKind
    start_sec: float
    end_sec: float | None = None
    score: float = 1.0


@dataclass(frozen=True, slots=True)
class Features:
    """The features of one video: enough to select clips without the video.

    Attributes
    ----------
    duration_sec : float
        Length of the video by its frames.
    grid : Grid
        The sampling grid; every series has one value per step.
    series : mapping of str to ndarray
        Signal name -> shape ``(grid.count,)``, float32; NaN where nothing was measured. A signal that could not be
        measured at all is absent here and named in `absent`.
    absent : mapping of str to str
        Signal name -> why it is missing.
    frame_hash : ndarray
        Perceptual hash of the frame at each step, shape ``(grid.count,)``, uint64.
    envelope_dbfs : ndarray or None
        RMS of the mono mix every `ENVELOPE_STEP_SEC`, in dBFS, float32; None without audio.
    events : tuple of Event
        Ordered by start time.
    warnings : tuple of str
        Problems that did not stop the extraction, such as damaged packets with their times.
    """

    duration_sec: float
    grid: Grid
    series: Mapping[str, NDArray[np.float32]]
    absent: Mapping[str, str] = field(default_factory=dict)
    frame_hash: NDArray[np.uint64] = field(default_factory=lambda: np.zeros(0, np.uint64))
    envelope_dbfs: NDArray[np.float32] | None = None
    events: tuple[Event, ...] = ()
    warnings: tuple[str, ...] = ()

    def events_of(self, *kinds: EventKind) -> tuple[Event, ...]:
        """Return the events of some kinds, ordered by start time."""
        return tuple(event for event in self.events if event.kind in kinds)
