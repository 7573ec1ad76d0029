"""Where there is speech, clips begin and end at sentences; of a talk they hold whole thoughts."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from made_features import Scene
from spoken import TALK, features_of, talk, words_cut

from autoclip.selection.pipeline import select
from autoclip.selection.sentence_edges import LEAD_IN_SEC, SentenceEdges, SpanLimits
from autoclip.settings import Settings
from autoclip.speech.interest import InterestMeter, is_dangling
from autoclip.speech.transcript import Transcript, Word
from autoclip.timeline import Interval

SAID = talk(repeat=4)
FEATURES = features_of(SAID)
EVERYWHERE = SpanLimits(0.0, 1e9)


def chosen(transcript=SAID, features=FEATURES, **changed):
    settings = Settings.from_flat({"preset": "talk", **changed})
    return select(features, settings, "x", transcript)


def starts_and_ends(clips, sentences, tolerance=LEAD_IN_SEC + 0.02):
    starts = sum(any(abs(clip.start - s.start_sec) <= tolerance for s in sentences) for clip in clips)
    ends = sum(any(abs(clip.end - s.end_sec) <= tolerance for s in sentences) for clip in clips)
    return starts, ends


def test_clips_of_a_talk_are_whole_sentences():
    clips = chosen().clips
    assert clips
    assert starts_and_ends(clips, SAID.sentences) == (len(clips), len(clips))
    assert not words_cut(SAID, clips)


def test_clips_of_a_talk_are_15_to_60_s_apart_and_at_most_one_a_minute():
    clips = chosen().clips
    assert all(15 <= clip.duration <= 60 for clip in clips)
    assert len(clips) <= FEATURES.duration_sec / 60
    assert all(a.end <= b.start for a, b in itertools.pairwise(clips))


def test_a_question_is_shown_with_its_answer_and_nothing_dangles():
    said = talk()
    clips = chosen(said, features_of(said)).clips
    assert clips
    for clip in clips:
        inside = [s for s in said.sentences if clip.start <= s.start_sec and s.end_sec <= clip.end]
        assert not inside[-1].is_question
        assert not is_dangling(inside[0], InterestMeter(said).vocabulary)
        before = [s for s in said.sentences if s.end_sec <= clip.start]
        assert not before or not before[-1].is_question


def test_a_clip_is_called_after_what_is_said_and_its_reason_quotes_it():
    said = talk()
    (clip,) = chosen(said, features_of(said)).clips
    assert clip.name in {sentence.text.rstrip(".") for sentence in said.sentences}
    assert clip.name.split("?")[0] in clip.reason
    assert "starts with a sentence" in clip.reason


def test_without_words_the_preset_works_as_before():
    assert chosen(None).clips == select(FEATURES, Settings.from_flat({"preset": "talk"}), "x").clips


def test_a_talk_without_a_single_mark_is_cut_at_its_pauses():
    bare = [line.strip(".?!").lower() for line in TALK]
    said = talk(bare, repeat=2)
    words = tuple(replace(word, start_sec=2 * word.start_sec, end_sec=2 * word.end_sec) for word in said.words)
    slow = replace(said, words=words)  # pauses of 1.3 s
    clips = chosen(slow, features_of(slow)).clips
    assert clips
    assert not words_cut(slow, clips)


@pytest.mark.parametrize("preset", ["none", "reaction", "sports"])
def test_elsewhere_words_decide_the_edges_alone(preset):
    plain = select(FEATURES, Settings.from_flat({"preset": preset}), "x").clips
    clips = select(FEATURES, Settings.from_flat({"preset": preset}), "x", SAID).clips
    assert len(clips) == pytest.approx(len(plain), abs=2)
    assert not words_cut(SAID, clips)
    starts, ends = starts_and_ends(clips, SAID.sentences)
    assert starts >= 0.8 * len(clips)
    assert ends >= 0.8 * len(clips)


@hypothesis_settings(max_examples=20, deadline=None)
@given(
    lengths=st.lists(st.integers(1, 30), min_size=3, max_size=25),
    start=st.floats(0, 60),
)
def test_no_edge_ever_cuts_a_word(lengths, start):
    sentences = [" ".join(["Word", *["word"] * (n - 1)]) + "." for n in lengths]
    said = talk(sentences, start_sec=start)
    features = features_of(said, duration_sec=said.words[-1].end_sec + 30)
    for preset in ("talk", "none"):
        clips = select(features, Settings.from_flat({"preset": preset}), "x", said).clips
        assert not words_cut(said, clips)
        assert all(0 <= clip.start < clip.end <= features.duration_sec for clip in clips)


def test_a_clip_does_not_start_at_a_word_that_was_hardly_recognized():
    said = talk()
    features = features_of(said)
    (clip,) = chosen(said, features).clips
    first = min(said.words, key=lambda word: abs(word.start_sec - clip.start))
    assert first in {sentence.words[0] for sentence in said.sentences}
    doubtful = replace(said, words=tuple(replace(w, confidence=0.1) if w == first else w for w in said.words))
    (other,) = chosen(doubtful, features).clips
    assert abs(other.start - first.start_sec) > 1.0


def test_edges_stay_near_their_words_where_other_sound_lies_between():
    before, behind = talk(["This ends here."]), talk(["There it goes on."], start_sec=5.5)
    said = replace(before, words=before.words + behind.words)
    end, start = before.words[-1].end_sec, 5.5
    silent = Interval(end + 1.1, start - 1.1)
    features = Scene(10.0, level_dbfs=-60.0).speech(1.0, behind.words[-1].end_sec, [silent]).features()
    edges = SentenceEdges(said, features)
    assert 0 <= edges.ends[0] - end <= 0.5
    assert 0 <= start - edges.starts[1] <= 0.5


def test_an_edge_in_a_word_moves_out_of_it():
    edges = SentenceEdges(SAID, FEATURES)
    word = SAID.words[5]
    inside = word.start_sec + 0.1
    assert edges.outside_words(inside, EVERYWHERE) == word.start_sec
    assert edges.outside_words(inside, SpanLimits(word.start_sec + 0.05, 1e9)) == word.end_sec
    assert edges.outside_words(0.5, EVERYWHERE) == 0.5


def test_subtitles_that_are_off_are_put_right_by_the_pauses():
    exact = talk()
    features = features_of(exact)
    off = replace(
        exact,
        words=tuple(
            replace(w, start_sec=w.start_sec + 0.4, end_sec=w.end_sec + 0.4, estimated=True) for w in exact.words
        ),
    )
    clips = chosen(off, features).clips
    assert clips
    assert starts_and_ends(clips, exact.sentences) == (len(clips), len(clips))
    assert not words_cut(exact, clips)


@pytest.mark.parametrize(("early_sec", "late_sec"), [(0.3, 0.0), (0.0, 0.3), (0.15, 0.15)])
def test_words_that_are_heard_early_or_late_leave_the_edges_in_the_pauses(early_sec, late_sec):
    exact = talk(repeat=2)
    features = features_of(exact)
    firsts, lasts = ({s.words[at] for s in exact.sentences} for at in (0, -1))
    heard = replace(
        exact,
        words=tuple(
            replace(w, start_sec=w.start_sec - early_sec * (w in firsts), end_sec=w.end_sec + late_sec * (w in lasts))
            for w in exact.words
        ),
    )
    clips = chosen(heard, features).clips
    assert clips
    assert not words_cut(exact, clips)
    assert not words_cut(heard, clips)
    assert starts_and_ends(clips, exact.sentences, tolerance=0.5) == (len(clips), len(clips))


@pytest.mark.parametrize("late_sec", [0.1, 0.25])
def test_words_that_a_small_model_hears_late_throughout_leave_the_edges_in_the_pauses(late_sec):
    exact = talk(repeat=2)
    clips = chosen(exact.shifted(late_sec), features_of(exact)).clips
    assert clips
    assert not words_cut(exact, clips)
    assert starts_and_ends(clips, exact.sentences) == (len(clips), len(clips))


@hypothesis_settings(max_examples=60, deadline=None)
@given(
    gaps=st.lists(st.floats(0, 4), min_size=1, max_size=30),
    lengths=st.lists(st.floats(0, 1.5), min_size=30, max_size=30),
    quiet=st.lists(st.tuples(st.floats(0, 90), st.floats(0, 6)), max_size=12),
    estimated=st.booleans(),
    share=st.sampled_from([0.3, 1.0]),
)
def test_whatever_the_sound_does_each_sentence_lies_between_its_edges(gaps, lengths, quiet, estimated, share):
    words, time = [], 0.0
    for number, (gap, length) in enumerate(zip(gaps, lengths, strict=False)):
        words.append(
            Word(time + gap, time + gap + length, f"Word{'.' if number % 3 else ''}", 0.9, estimated=estimated)
        )
        time += gap + length
    pauses = [Interval(start, start + length) for start, length in quiet]
    length = 2.0 + share * time
    features = Scene(length, level_dbfs=-60.0).speech(0.0, length, pauses).features()
    edges = SentenceEdges(Transcript(tuple(words), "en", "test"), features)
    assert np.all(edges.starts <= edges.ends)
    assert np.all(edges.ends[:-1] <= edges.starts[1:])
    assert all(0 <= each <= features.duration_sec for each in (*edges.starts, *edges.ends))


def test_words_without_a_mark_or_a_pause_are_cut_to_the_length_of_sentences():
    said = Transcript(tuple(Word(0.4 * n, 0.4 * n + 0.4, "word") for n in range(600)), "en", "test")
    edges = SentenceEdges(said, Scene(240.0, level_dbfs=-20.0).features())
    assert all(sentence.end_sec - sentence.start_sec <= 25 for sentence in edges.sentences)
    assert sum(len(sentence.words) for sentence in edges.sentences) == 600
    assert min(len(sentence.words) for sentence in edges.sentences) > 20


@pytest.mark.parametrize("written", [str.lower, str.upper])
def test_captions_without_marks_that_follow_each_other_are_cut_at_the_pauses_of_the_sound(written):
    exact = talk(repeat=2)
    features = features_of(exact)
    text = [written(word.text.strip(".,?!")) for word in exact.words]
    ends = [*(word.start_sec for word in exact.words[1:]), exact.words[-1].end_sec]
    rolled = tuple(
        replace(word, text=told, end_sec=end, estimated=True)
        for word, told, end in zip(exact.words, text, ends, strict=True)
    )
    clips = chosen(replace(exact, words=rolled), features).clips
    assert clips
    assert starts_and_ends(clips, exact.sentences, tolerance=0.5) == (len(clips), len(clips))
    assert all(15 <= clip.duration <= 60 for clip in clips)
