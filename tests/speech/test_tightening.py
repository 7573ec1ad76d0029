"""What is taken out is silence or a hesitation, never a word; a breath is left."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autoclip.speech.tightening import BREATH_SEC, is_filler, tighten
from autoclip.speech.transcript import Transcript, Word
from autoclip.timeline import Interval


def spoken(*words):
    return Transcript(tuple(Word(start, end, text) for start, end, text in words), "en", "test")


TALK = spoken((1.0, 1.5, "So"), (1.6, 2.0, "um,"), (2.1, 2.6, "we"), (4.6, 5.0, "moved"), (5.2, 5.6, "it."))


def test_a_pause_is_cut_down_to_a_breath():
    found = tighten(Interval(0.9, 5.7), TALK, 0.7)
    (removal,) = found.removed
    assert removal.interval.start == pytest.approx(2.6 + BREATH_SEC / 2)
    assert removal.interval.end == pytest.approx(4.6 - BREATH_SEC / 2)
    assert found.kept == (Interval(0.9, removal.interval.start), Interval(removal.interval.end, 5.7))
    assert str(found) == "1 pause taken out, 1.7 s"


def test_silence_at_the_ends_goes_too():
    found = tighten(Interval(0.0, 8.0), TALK, 0.7)
    assert found.kept[0].start == pytest.approx(1.0 - BREATH_SEC / 2)
    assert found.kept[-1].end == pytest.approx(5.6 + BREATH_SEC / 2)


def test_fillers_go_on_request():
    found = tighten(Interval(0.9, 5.7), TALK, 10.0, fillers=True)
    assert [(r.reason, r.text, r.interval) for r in found.removed] == [("filler", "um,", Interval(1.6, 2.0))]
    assert tighten(Interval(0.9, 5.7), TALK, 10.0).removed == ()


def test_nothing_is_taken_out_where_nobody_speaks():
    assert tighten(Interval(10, 20), TALK, 0.7).kept == (Interval(10, 20),)
    only = spoken((1.0, 1.4, "Um"))
    assert tighten(Interval(0.9, 1.5), only, 0.7, fillers=True).kept == (Interval(0.9, 1.5),)


@pytest.mark.parametrize("word", ["um", "Uh,", "UHM...", "erm", "äh", "ähm,", "euh", "hmm", "えーと"])
def test_hesitations_are_fillers(word):
    assert is_filler(Word(0, 1, word))


@pytest.mark.parametrize("word", ["umbrella", "like", "her", "me", "am", "I", "uhr", "mm.2", "er", "eh", "Öl", "hum"])
def test_words_are_no_fillers(word):
    assert not is_filler(Word(0, 1, word))


lengths = st.floats(0.02, 3.0)


@given(
    st.lists(st.tuples(lengths, lengths, st.sampled_from(["a", "um", "word"])), min_size=1, max_size=20),
    st.floats(0.3, 2.0),
    st.booleans(),
    st.floats(0, 3),
    st.floats(0.5, 60),
)
def test_kept_and_removed_make_up_the_clip_and_no_word_is_lost(parts, pause_sec, fillers, start, length):
    at, words = 0.0, []
    for pause, duration, text in parts:
        words.append((at + pause, at + pause + duration, text))
        at += pause + duration
    transcript, clip = spoken(*words), Interval(start, start + length)
    found = tighten(clip, transcript, pause_sec, fillers=fillers)
    whole = sorted([*found.kept, *(removal.interval for removal in found.removed)])
    assert sum(part.duration for part in whole) == pytest.approx(clip.duration, abs=0.01)
    assert all(a.end <= b.start + 1e-9 for a, b in pairwise(whole))
    for removal in found.removed:
        lost = [w for w in transcript.words if removal.interval.overlap(Interval(w.start_sec, w.end_sec)) > 1e-6]
        assert all(fillers and is_filler(word) for word in lost)
