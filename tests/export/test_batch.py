"""A batch goes on whatever fails, reports all of itself, and stops at once when told to."""

import pytest
from made_media import look_at

from autoclip.errors import ParameterError
from autoclip.export.batch import RenderRequest, export_batch
from autoclip.media.child_processes import kill_children
from autoclip.settings import ExportSettings
from autoclip.timeline import Interval

FAST = ExportSettings(encoder_preset="ultrafast")


def test_one_failure_does_not_stop_the_rest(tmp_path, source):
    video, _ = source("constant.mp4")
    spans = [Interval(1, 2), Interval(50, 60), Interval(3, 5)]
    requests = [RenderRequest(video, span, tmp_path / f"{i}.mp4", FAST) for i, span in enumerate(spans)]
    reports = []
    outcomes = export_batch(requests, reports.append)
    assert [outcome.request for outcome in outcomes] == requests
    assert [outcome.result.path.name for outcome in outcomes if outcome.result] == ["0.mp4", "2.mp4"]
    assert isinstance(outcomes[1].error, ParameterError)
    assert reports[-1].message == "2 of 3 exported"
    assert look_at(tmp_path / "2.mp4").numbers == list(range(75, 125))
    fractions = [report.fraction for report in reports]
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1.0


def test_a_long_clip_holds_no_other_up(tmp_path, source):
    """One queue: while the first is rendered, all others pass it by; each is told of once, as soon as it is there."""
    video, _ = source("constant.mp4")
    slow = ExportSettings(encoder_preset="slower")
    first = RenderRequest(video, Interval(0, 12), tmp_path / "0.mp4", slow)
    others = [RenderRequest(video, Interval(i, i + 0.4), tmp_path / f"{i}.mp4", FAST) for i in range(1, 4)]
    told = []
    export_batch(
        [first, *others], on_outcome=lambda number, outcome: told.append((number, outcome.result)), max_concurrent=2
    )
    assert [number for number, _ in told] == [1, 2, 3, 0]
    assert all(result.path.exists() for _, result in told)


def test_the_same_name_is_given_once(tmp_path, source):
    video, _ = source("constant.mp4")
    requests = [RenderRequest(video, Interval(i, i + 1), tmp_path / "same.mp4", FAST) for i in range(4)]
    outcomes = export_batch(requests, max_concurrent=2)
    assert {outcome.result.path.name for outcome in outcomes} == {"same.mp4", *(f"same ({n}).mp4" for n in (2, 3, 4))}


def test_a_listener_that_raises_ends_the_batch_and_leaves_nothing(tmp_path, source):
    video, _ = source("constant.mp4")
    slow = ExportSettings(encoder_preset="veryslow", export_height=1080)
    requests = [RenderRequest(video, Interval(0, 12), tmp_path / f"{i}.mp4", slow) for i in range(3)]

    def stop(_progress):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        export_batch(requests, stop)
    assert list(tmp_path.iterdir()) == []
    assert kill_children() == 0


def test_an_empty_batch_is_done(tmp_path):
    assert export_batch([]) == ()
