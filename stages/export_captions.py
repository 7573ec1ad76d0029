"""Caption files of videos, clips and compound clips."""

from __future__ import annotations

from collections.abc import Sequence

from autoclip.speech.caption_files import CaptionFormat, caption_text
from autoclip.speech.cut_words import cut_transcript, place_cuts
from autoclip.speech.transcript import Transcript
from autoclip.timeline import Interval


def captions_of(
    transcript: Transcript, intervals: Sequence[Interval], wanted: CaptionFormat, crossfade_sec: float = 0.0
) -> str:
    """Return the captions of cuts of a video, joined in order; without cuts, those of the whole video.

    Parameters
    ----------
    transcript : Transcript
        The transcript of the video.
    intervals : sequence of Interval
        A clip, the items of a compound clip in order, or empty.
    wanted : str
        ``srt``, ``vtt`` or ``json``.
    crossfade_sec : float
        Length of the crossfades between items.
    """
    if not intervals:
        return caption_text(transcript, wanted)
    cuts = place_cuts([(transcript, interval) for interval in intervals], crossfade_sec)
    return caption_text(cut_transcript(cuts), wanted)
