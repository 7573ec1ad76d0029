"""What the source knows: the most-replayed curve on the grid, and chapters as events."""

import numpy as np
import pytest

from autoclip.chat.messages import ChatMessage, chat_log
from autoclip.signals.source_metadata import ReplayedSpan, SourceMetadata, replayed_series, with_source_metadata
from autoclip.signals.table import Event, Features
from autoclip.timeline import Grid

SPANS = (ReplayedSpan(0.0, 1.2, 0.25), ReplayedSpan(1.2, 2.0, 1.0))


def features(*events):
    grid = Grid(0.5, 6)
    return Features(3.0, grid, {"motion_score": np.zeros(6, np.float32)}, events=events)


def test_each_step_has_the_value_of_the_span_around_its_middle():
    expected = [0.25, 0.25, 1.0, 1.0, np.nan, np.nan]
    assert replayed_series(SPANS, Grid(0.5, 6)) == pytest.approx(expected, nan_ok=True)


def test_the_curve_becomes_a_signal():
    found = with_source_metadata(features(), SourceMetadata(SPANS))
    assert found.series["most_replayed"][2] == 1.0
    assert "most_replayed" not in found.absent


def test_without_a_curve_the_signal_is_absent_with_the_reason():
    found = with_source_metadata(features(), SourceMetadata())
    assert "most_replayed" not in found.series
    assert "does not say" in found.absent["most_replayed"]


def test_chapters_become_events_once_and_within_the_video():
    found = with_source_metadata(
        features(Event("cut", 0.5), Event("chapter", 1.02)), SourceMetadata((), (0.0, 1.0, 2.0, 99.0))
    )
    assert [(event.kind, event.start_sec) for event in found.events] == [
        ("cut", 0.5),
        ("chapter", 1.02),
        ("chapter", 2.0),
    ]


def test_a_chat_becomes_signals_and_leaves_the_others():
    log = chat_log(
        [ChatMessage(1.1, "ann", "hahaaa"), ChatMessage(1.2, "bob", "hahaaa"), ChatMessage(9.0, "cid", "late")]
    )
    before = with_source_metadata(features(), SourceMetadata(SPANS))
    found = with_source_metadata(before, SourceMetadata(chat=log))
    assert found.series["chat_laughter"].tolist() == [0, 0, 2, 0, 0, 0]
    assert found.series["chat_messages"].sum() == 2
    assert found.series["most_replayed"][2] == 1.0
