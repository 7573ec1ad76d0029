"""The delay of subtitles is found by the pauses of the audio, and only where it is clear."""

import itertools

import pytest
from spoken import talk

from autoclip.speech.captions import make_cues
from autoclip.speech.subtitle_delay import FEWEST_SUBTITLES, subtitle_delay
from autoclip.speech.subtitles import Cue, transcript_of
from autoclip.timeline import Interval

SAID = talk(start_sec=70.0)
END = SAID.words[-1].end_sec + 70.0
PAUSES = [Interval(0.0, 70.0), Interval(END - 70.0, END)] + [
    Interval(one.end_sec, other.start_sec) for one, other in itertools.pairwise(SAID.sentences)
]


def delay_of(transcript, delay_sec=0.0, *, gapless=False, count=99):
    made = make_cues(transcript)[:count]
    nexts = [*(cue.start_sec for cue in made[1:]), made[-1].end_sec]
    ends = nexts if gapless else [cue.end_sec for cue in made]
    cues = [
        Cue(cue.start_sec + delay_sec, end + delay_sec, " ".join(cue.texts))
        for cue, end in zip(made, ends, strict=True)
    ]
    subtitles = transcript_of(cues, language="en", origin="test")
    return subtitle_delay(subtitles, [cue.start_sec for cue in cues], PAUSES, END)


@pytest.mark.parametrize("gapless", [False, True])
@pytest.mark.parametrize("delay_sec", [-40.0, -3.0, 1.4, 3.0, 55.0])
def test_subtitles_that_are_late_or_early_are_noticed(delay_sec, gapless):
    assert delay_of(SAID, delay_sec, gapless=gapless) == pytest.approx(delay_sec, abs=0.2)


@pytest.mark.parametrize("delay_sec", [0.0, 0.3, -0.3])
def test_subtitles_in_step_stay(delay_sec):
    assert delay_of(SAID, delay_sec) == 0.0


def test_subtitles_of_something_else_and_few_ones_stay():
    assert delay_of(talk(["Seven words lie between each two pauses."] * 20, start_sec=70.0), 3.0) == 0.0
    assert delay_of(SAID, 3.0, count=FEWEST_SUBTITLES - 1) == 0.0
    nothing = transcript_of([], language="en", origin="test")
    assert subtitle_delay(nothing, [0.0] * 20, PAUSES, END) == 0.0
    assert subtitle_delay(SAID, [0.0] * 20, [], END) == 0.0
