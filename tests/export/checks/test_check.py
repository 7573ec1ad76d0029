"""The check finds what is wrong with a file, and a file that fails it is kept aside with the reason."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_media import look_at

from autoclip.errors import ExportError, ParameterError
from autoclip.export.checks.end_frames import wrong_ends
from autoclip.export.checks.file_check import Expected, check_file
from autoclip.export.checks.frame_trace import wrong_frames
from autoclip.export.cuts.cut_spec import plan_cut
from autoclip.export.cuts.exact import exact_arguments
from autoclip.export.cuts.frame_span import FrameSpan, find_frame_span
from autoclip.export.cuts.methods import cut_exactly, encoded_expectation
from autoclip.export.render import export_clip
from autoclip.export.render_context import RenderContext, deliver
from autoclip.media.ffmpeg import find_ffmpeg, run_ffmpeg
from autoclip.media.packets import PacketTimes
from autoclip.progress import ignore_progress
from autoclip.settings import ExportSettings
from autoclip.timeline import Interval

NOT_OPENED = (
    "[vost#0:0/libx264 @ 0x560d] [enc:libx264 @ 0x560d] Error while opening encoder - maybe incorrect parameters"
)


@pytest.fixture(scope="module")
def rendered(source, tmp_path_factory):
    video, _ = source("b_frames.mp4")
    target = tmp_path_factory.mktemp("checked") / "clip.mp4"
    order = plan_cut(video, Interval(3, 5), target, ExportSettings())
    run_ffmpeg(exact_arguments(order, target))
    return target, order, encoded_expectation(order)


def test_a_right_file_has_no_fault(rendered):
    path, order, expected = rendered
    assert check_file(path, expected).faults == ()
    assert wrong_ends(path, order, order, turned=True) == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"frame_count": 51}, "50 frames instead of 51"),
        ({"frame_count": 49}, "50 frames instead of 49"),
        ({"duration_sec": 2.1}, "lasts 2.000 s instead of 2.100 s"),
        ({"codec": "hevc"}, "h264 instead of hevc"),
        ({"width": 640}, "320x180 instead of 640x180"),
        ({"audio_count": 0}, "1 audio tracks instead of 0"),
        ({"audio_count": 2}, "1 audio tracks instead of 2"),
        ({"gaps_sec": np.full(49, 0.04) + 0.04 * (np.arange(49) == 7)}, "frame 8 is 0.040 s from where it should be"),
    ],
)
def test_each_fault_is_named(rendered, change, said):
    path, _, expected = rendered
    (fault,) = check_file(path, replace(expected, **change)).faults
    assert said in fault


@pytest.mark.parametrize(("shift", "said"), [(0.04, "before"), (-0.04, "after")])
def test_a_cut_that_is_one_frame_off_is_found_by_looking(rendered, shift, said):
    path, order, _ = rendered
    asked = replace(order, span=find_frame_span(order.video, Interval(3 + shift, 5 + shift)))
    first, last = wrong_ends(path, asked, asked, turned=True)
    assert f"its first frame is the source's 0.040 s {said}" == first
    assert f"its last frame is the source's 0.040 s {said}" == last


@pytest.mark.parametrize("changes", [{}, {"shape": "vertical"}, {"fade_in_sec": 0.5}, {"frame_rate": 10.0}])
def test_ffmpeg_tells_which_frames_it_encoded(source, tmp_path, changes):
    video, _ = source("b_frames.mp4")
    settings = ExportSettings(encoder_preset="ultrafast", **changes)
    order = plan_cut(video, Interval(3, 5), tmp_path / "clip.mp4", settings)
    late = replace(order, span=find_frame_span(video, Interval(3.16, 5.16)))
    context = RenderContext(order.target, None, 60.0, ignore_progress)
    right = context.render(exact_arguments(order, order.target), order)
    assert (right.traced, right.faults) == (True, ())
    assert not any("stats_enc" in word for word in right.run.command)
    wrong = context.render(exact_arguments(late, order.target), order)
    assert wrong.faults
    if not changes:
        assert wrong.faults == (
            "its first frame is the source's at 3.160 s instead of the source's at 3.000 s",
            "its last frame is the source's at 5.120 s instead of the source's at 4.960 s",
        )


@given(st.sets(st.integers(0, 99), min_size=1))
def test_any_other_set_of_frames_is_a_fault(kept):
    pts = np.arange(100) * 512
    none = np.zeros(100, bool)
    times = PacketTimes(Fraction(1, 12800), 0, pts, pts, np.full(100, 512), ~none, none)
    span = FrameSpan(times, 0, int(pts[-1]), 0, 51200, None, None, 100)
    assert bool(wrong_frames(pts[sorted(kept)], span)) == (len(kept) < 100)
    assert wrong_frames(pts, span) == []


def test_an_ffmpeg_that_traces_nothing_is_looked_after(source, tmp_path):
    """Releases before 6.0 know no such option: then the last picture is looked at like the first."""
    plain = tmp_path / "ffmpeg"
    plain.write_text(
        f'#!/bin/sh\ncase "$*" in *"-h long"*) exit 0;; *stats_enc*) exit 9;; esac\nexec {find_ffmpeg()} "$@"\n'
    )
    plain.chmod(0o755)
    video, _ = source("b_frames.mp4")
    order = plan_cut(video, Interval(3, 5), tmp_path / "clip.mp4", ExportSettings(encoder_preset="ultrafast"))
    rendering = cut_exactly(order, RenderContext(order.target, plain, 60.0, ignore_progress))
    assert rendering.ends == (order, order)
    assert wrong_ends(order.target, *rendering.ends, turned=True) == []


def test_sound_that_starts_late_is_found(source, tmp_path):
    video, _ = source("constant.mp4")
    order = plan_cut(video, Interval(3, 5), tmp_path / "late.mp4", ExportSettings())
    arguments = [
        argument.replace("asetpts=N/SR/TB", "asetpts=N/SR/TB+0.06/TB")
        for argument in exact_arguments(order, order.target)
    ]
    run_ffmpeg(arguments)
    (fault,) = check_file(order.target, encoded_expectation(order)).faults
    assert "starts +39 ms from the video's start" in fault


def test_a_file_that_can_not_be_read_is_a_fault(tmp_path):
    (tmp_path / "clip.mp4").write_bytes(b"no video at all")
    expected = Expected(1, 1, 0.04, "h264", 2, 2, 0)
    assert "can't be read" in check_file(tmp_path / "clip.mp4", expected).faults[0]


def test_a_failed_file_is_kept_aside_with_the_reason(rendered, tmp_path):
    path, _, expected = rendered
    part = tmp_path / ".part"
    part.write_bytes(path.read_bytes())
    checked = check_file(part, replace(expected, frame_count=51))
    with pytest.raises(ExportError, match="50 frames instead of 51"):
        deliver(part, checked, tmp_path / "clip.mp4", (("ffmpeg", "-i", "x"),), overwrite=False)
    assert not (tmp_path / "clip.mp4").exists()
    assert look_at(tmp_path / "failed" / "clip.mp4").numbers == list(range(75, 125))
    assert "50 frames instead of 51" in (tmp_path / "failed" / "clip.txt").read_text()
    assert "ffmpeg -i x" in (tmp_path / "failed" / "clip.txt").read_text()


def test_a_full_disk_is_told_before_rendering(source, tmp_path):
    video, _ = source("constant.mp4")
    with pytest.raises(ExportError, match="free some space"):
        export_clip(video, Interval(1, 2), tmp_path / "clip.mp4", ExportSettings(disk_reserve_mb=10_000_000))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("interval", [Interval(12, 14), Interval(500, 510), Interval(3, 3)])
def test_an_interval_without_a_frame_is_refused(source, tmp_path, interval):
    video, _ = source("constant.mp4")
    with pytest.raises(ParameterError):
        export_clip(video, interval, tmp_path / "clip.mp4")


def test_ends_go_to_the_nearest_frame(source):
    video, _ = source("constant.mp4")
    span = find_frame_span(video, Interval(2.0099, 3.0301))
    assert (span.interval.start, span.interval.end, span.count) == (2.0, 3.04, 26)


def test_an_end_behind_the_video_is_the_videos_end(source):
    video, _ = source("constant.mp4")
    span = find_frame_span(video, Interval(11, 99))
    assert (span.count, span.interval.end) == (25, 12.0)


def test_a_failing_ffmpeg_names_its_reason(source, tmp_path):
    with pytest.raises(ExportError, match="failed with code") as caught:
        run_ffmpeg(["-i", str(tmp_path / "nothing.mp4"), "-f", "null", "-"])
    assert "No such file" in caught.value.stderr_tail
    assert caught.value.command[0].endswith(caught.value.command[0].split("/")[-1])


@pytest.mark.parametrize(
    ("log", "short"),
    [  # as ffmpeg 7 and 9 wrote them below 'ulimit -v' of 600 MB and 1 GB, and for settings that x264 refuses
        ("[out#0/mp4 @ 0x5630] pthread_create() failed: Resource temporarily unavailable", True),
        ("[in#0/mov,mp4 @ 0x5630] Error during demuxing: Cannot allocate memory", True),
        (
            f"{NOT_OPENED}\n[vf#0:0 @ 0x560d] Error sending frames to consumers: Generic error in an external library",
            True,
        ),
        (
            f"[vost#0 @ 0x5] Format directive ptsi is unavailable\n{NOT_OPENED}\nGeneric error in an external library",
            True,
        ),
        (f"{NOT_OPENED}\n[vf#0:0 @ 0x560d] Error sending frames to consumers: Invalid argument", False),
        (f"x264 [error]: width not divisible by 2\n{NOT_OPENED}\nGeneric error in an external library", False),
    ],
)
def test_an_ffmpeg_without_memory_says_so(tmp_path, log, short):
    fake = tmp_path / "ffmpeg"
    fake.write_text(f"#!/bin/sh\necho '{log}' >&2\nexit 187\n")
    fake.chmod(0o755)
    with pytest.raises(ExportError, match="raise its limit" if short else "choose other export settings"):
        run_ffmpeg([], executable=fake)


def test_an_ffmpeg_that_stands_still_is_ended(tmp_path):
    fake = tmp_path / "ffmpeg"
    fake.write_text("#!/bin/sh\nexec sleep 60\n")
    fake.chmod(0o755)
    with pytest.raises(ExportError, match="no progress for 1 s"):
        run_ffmpeg([], executable=fake, stall_sec=1.0)


def test_an_ffmpeg_that_is_not_there_is_said_so(tmp_path):
    with pytest.raises(ParameterError, match="not a program"):
        run_ffmpeg([], executable=tmp_path / "ffmpeg")
