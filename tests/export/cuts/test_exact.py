"""An exact cut holds the frames that were asked for, and no other, with the sound in step."""

import pytest
from made_media import SOURCES, assert_in_step, look_at

from autoclip.export.render import export_clip
from autoclip.timeline import Interval


def frames_of(truth, interval):
    """Numbers of the frames in an interval by the truth's own times."""
    times = [int(pts) * float(truth.time_base) for pts in truth.frame_pts]
    return [i for i, time in enumerate(times) if interval.start - 1e-6 <= time < interval.end - 1e-6]


@pytest.mark.parametrize("name", SOURCES)
def test_first_and_last_frame_are_the_ones_asked_for(tmp_path, source, name):
    video, truth = source(name)
    interval = Interval(float(truth.frame_pts[57] * truth.time_base), float(truth.frame_pts[160] * truth.time_base))
    result = export_clip(video, interval, tmp_path / "clip.mp4")
    seen = look_at(result.path)
    assert seen.numbers == list(range(57, 160))
    assert result.frame_count == 103
    assert seen.times[0] == 0
    assert result.actual.start == pytest.approx(interval.start, abs=1e-3)
    if video.audio:
        assert_in_step(seen, count=3)


@pytest.mark.parametrize("name", ["b_frames.mp4", "variable.mp4", "ntsc.mkv", "offset.mp4", "transport.ts"])
def test_a_cut_from_the_very_start_to_the_very_end(tmp_path, source, name):
    video, truth = source(name)
    result = export_clip(video, Interval(0, video.duration_sec), tmp_path / "clip.mp4")
    seen = look_at(result.path)
    assert seen.numbers == list(range(len(truth.frame_pts)))
    if video.audio:
        assert_in_step(seen, count=12)
