"""Where a stream has a chat, it leads; where it has none, or none that reacts, nothing changes."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_features import Scene

from autoclip.chat.messages import ChatMessage, chat_log
from autoclip.selection.pipeline import select
from autoclip.settings import Settings
from autoclip.signals.source_metadata import SourceMetadata, with_source_metadata

HOUR = 3600.0


def chat(*bursts, text="hahaha", rate=0.5, seed=0):
    """Make an hour of people who write now and then, and many who laugh at some times."""
    random = np.random.default_rng(seed)
    times = random.uniform(0, HOUR, int(HOUR * rate))
    usual = [ChatMessage(float(time), f"viewer {random.integers(300)}", "so it goes") for time in times]
    loud = [ChatMessage(at + random.uniform(0, 20), f"fan {number}", text) for at in bursts for number in range(60)]
    return chat_log(usual + loud)


def chosen(features, log=None, **changed):
    if log is not None:
        features = with_source_metadata(features, SourceMetadata(chat=log))
    return select(features, Settings.from_flat(changed), "x")


@pytest.fixture(scope="module")
def stream():
    return Scene(HOUR).moment(600, louder=20).features()


def test_what_the_chat_laughed_at_comes_first_and_begins_before_the_laughter(stream):
    clips = sorted(chosen(stream, chat(1500, 2500)).clips, key=lambda clip: -clip.quality_score)
    first, second = sorted(clips[:2], key=lambda clip: clip.start)
    for clip, laughter in ((first, 1500), (second, 2500)):
        assert laughter - 25 <= clip.start <= laughter - 5
        assert 20 <= clip.duration <= 40
        assert clip.anchor_reason == "chat_reaction"
        assert "the chat laughed" in clip.reason
        assert "times as much as usual" in clip.reason


def test_a_crowd_that_does_not_laugh_counts_as_well(stream):
    best = max(chosen(stream, chat(1500, text="what was that")).clips, key=lambda clip: clip.quality_score)
    assert 1475 <= best.start <= 1495
    assert "the chat wrote" in best.reason


def test_one_spammer_is_no_crowd(stream):
    spam = chat_log([ChatMessage(1500 + n / 10, "one", "hahaha") for n in range(300)])
    assert chosen(stream, spam).clips == chosen(stream).clips


def test_a_chat_that_never_reacts_leaves_the_choice_to_sound_and_picture(stream):
    even = chat_log([ChatMessage(float(n), f"viewer {n % 50}", "so") for n in range(0, 3600, 3)])
    assert chosen(stream, even).clips == chosen(stream).clips


def test_edges_are_drawn_to_a_boundary_close_by():
    features = Scene(HOUR).cut(1486.5).features()
    best = max(chosen(features, chat(1500)).clips, key=lambda clip: clip.quality_score)
    assert best.start == pytest.approx(1486.5, abs=4)


@settings(max_examples=15)
@given(st.lists(st.floats(0, HOUR - 30), max_size=12), st.integers(0, 5))
def test_clips_never_overlap_and_lie_in_the_video(bursts, seed):
    clips = chosen(Scene(HOUR, seed=1).features(), chat(*bursts, seed=seed)).clips
    ordered = sorted(clips, key=lambda clip: clip.start)
    assert all(0 <= clip.start < clip.end <= HOUR for clip in ordered)
    assert all(one.end <= other.start + 1e-9 for one, other in itertools.pairwise(ordered))
