"""What a rendered file holds is what its truth says, for every container and kind of timing."""

from fractions import Fraction
from itertools import pairwise

import av
import numpy as np
import pytest
from av.video.frame import PictureType

from autoclip.timeline import Interval
from synthetic_media import (
    Beeps,
    Flash,
    Freeze,
    Mark,
    Noise,
    Plain,
    RenderOptions,
    Shot,
    Storyboard,
    Swell,
    Texture,
    Tone,
    fade_through_black,
    read_frame_number,
    render,
)

SMALL = {"width": 320, "height": 180}

BOARD = Storyboard(
    shots=(
        Shot(1.5, Texture(seed=1, pan=0.3)),
        Shot(1.5, Texture(seed=2, pan=0.3), flashes=(Flash(0.8),)),
        *fade_through_black(Shot(2.0, Texture(seed=3, pan=0.3), freezes=(Freeze(1.0, 0.6),)), frames=8, black_sec=0.4),
        Shot(1.5, Texture(seed=4, pan=0.3), dissolve_frames=10),
    ),
    sounds=(Noise(Interval(0, 7), -40.0), Swell(Interval(2, 6), peak_sec=4.0)),
    marks=(Mark("highlight", Interval(3, 5), "swell"), Mark("decoy", Interval(0, 1), "start", weight=0.5)),
    frame_numbers=True,
)


def decoded(path):
    """Presentation times (exact seconds) and luma of every frame."""
    with av.open(str(path)) as container:
        frames = [(f.pts * f.time_base, f.reformat(format="gray").to_ndarray()) for f in container.decode(video=0)]
    return [time for time, _ in frames], [luma for _, luma in frames]


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("constant.mp4", RenderOptions(**SMALL)),
        ("b_frames.mp4", RenderOptions(**SMALL, b_frames=3, keyframe_interval=50, scene_keyframes=False)),
        ("ntsc.mkv", RenderOptions(**SMALL, b_frames=2, rate=Fraction(30000, 1001))),
        ("variable.mp4", RenderOptions(**SMALL, b_frames=2, frame_durations=(1.0, 1.0, 2.0, 0.5))),
        ("variable.mkv", RenderOptions(**SMALL, frame_durations=(0.7, 1.9))),
        ("offset.ts", RenderOptions(**SMALL, b_frames=2, start_offset_sec=10.0)),
        ("offset.mp4", RenderOptions(**SMALL, start_offset_sec=3.0, rotation=90)),
        ("ten_bit.mp4", RenderOptions(**SMALL, pixel_format="yuv420p10le")),
        ("silent.mp4", RenderOptions(**SMALL, audio=False)),
    ],
)
def test_each_frame_is_where_the_truth_says(tmp_path, name, options):
    truth = render(BOARD, tmp_path / name, options)
    times, lumas = decoded(tmp_path / name)
    assert [read_frame_number(luma) for luma in lumas] == list(range(len(truth.frame_pts)))
    assert [time - times[0] for time in times] == [int(pts) * truth.time_base for pts in truth.frame_pts]
    if options.start_offset_sec:
        assert float(times[0]) == pytest.approx(options.start_offset_sec, abs=0.01)


def test_options_reach_the_file(tmp_path):
    options = RenderOptions(**SMALL, b_frames=2, keyframe_interval=20, scene_keyframes=False, pixel_format="yuv444p")
    render(BOARD, tmp_path / "a.mp4", options)
    with av.open(str(tmp_path / "a.mp4")) as container:
        frames = list(container.decode(video=0))
        assert [i for i, frame in enumerate(frames) if frame.key_frame] == list(range(0, len(frames), 20))
        assert {PictureType(frame.pict_type).name for frame in frames} == {"I", "P", "B"}
        assert frames[0].format.name == "yuv444p"
        assert len(container.streams.audio) == 1
    render(BOARD, tmp_path / "b.mp4", RenderOptions(**SMALL, audio=False, rotation=90))
    with av.open(str(tmp_path / "b.mp4")) as container:
        assert not container.streams.audio
        assert abs(next(container.decode(video=0)).rotation) == 90


def test_cuts_are_the_only_jumps_besides_flashes(tmp_path):
    board = Storyboard(tuple(Shot(1.0, Texture(seed=seed)) for seed in range(5)))
    truth = render(board, tmp_path / "a.mp4", RenderOptions(**SMALL))
    _, lumas = decoded(tmp_path / "a.mp4")
    steps = [np.abs(b.astype(int) - a).mean() for a, b in pairwise(lumas)]
    strongest = sorted(np.argsort(steps)[-4:] + 1)
    assert strongest == [cut.frame for cut in truth.cuts] == [25, 50, 75, 100]


def test_black_freeze_and_fades_are_in_the_picture(tmp_path):
    truth = render(BOARD, tmp_path / "a.mp4", RenderOptions(**SMALL))
    _, lumas = decoded(tmp_path / "a.mp4")
    upper = [luma[: luma.shape[0] * 3 // 4].astype(int) for luma in lumas]  # without the burned-in number
    (black,) = truth.black_runs
    dark = [i for i, luma in enumerate(upper) if luma.mean() < 2]
    assert dark == list(range(black.first_frame, black.end_frame))
    (freeze,) = truth.freeze_runs
    # 0.003 of the full range, as in FFmpeg's freezedetect: the encoder goes on refining a standing picture.
    still = [i for i in range(1, len(upper)) if np.abs(upper[i] - upper[i - 1]).mean() < 0.003 * 255 and i not in dark]
    assert still == list(range(freeze.first_frame + 1, freeze.end_frame))
    assert [t.kind for t in truth.transitions] == ["fade", "fade", "dissolve"]
    fade_out = truth.transitions[0].run
    brightness = [upper[i].mean() for i in range(fade_out.first_frame - 1, fade_out.end_frame + 1)]
    assert all(a > b for a, b in pairwise(brightness))
    assert fade_out.end_frame == black.first_frame
    assert truth.black_runs[0].interval.end == truth.transitions[1].run.interval.start


def test_beeps_and_flashes_come_together(tmp_path):
    flashes = tuple(Flash(float(second), frames=2, strength=1.0) for second in range(4))
    board = Storyboard((Shot(4.0, Plain(luma=60), flashes=flashes),), (Beeps(Interval(0, 4)),))
    render(board, tmp_path / "a.mp4", RenderOptions(**SMALL, b_frames=2, start_offset_sec=1.0))
    times, lumas = decoded(tmp_path / "a.mp4")
    bright = [
        float(t)
        for t, luma, before in zip(times, lumas, [None, *lumas], strict=False)
        if luma.mean() > 180 and (before is None or before.mean() < 100)
    ]
    with av.open(str(tmp_path / "a.mp4")) as container:
        frames = list(container.decode(audio=0))
    sound = np.concatenate([frame.to_ndarray()[0] for frame in frames])
    heard = np.abs(sound) > 0.1
    quiet_before = np.array([not heard[max(0, i - 4000) : i].any() for i in np.flatnonzero(heard)])
    starts = float(frames[0].pts * frames[0].time_base) + np.flatnonzero(heard)[quiet_before] / frames[0].sample_rate
    assert bright == pytest.approx([1, 2, 3, 4])
    assert starts == pytest.approx(bright, abs=0.005)


def test_level_is_rms_in_dbfs(tmp_path):
    board = Storyboard(
        (Shot(3.0, Plain()),), (Tone(Interval(0, 1), -20.0), Noise(Interval(1, 2), -30.0, color="crowd"))
    )
    render(board, tmp_path / "a.mkv", RenderOptions(**SMALL, audio_codec="pcm_s16le"))
    with av.open(str(tmp_path / "a.mkv")) as container:
        rate = container.streams.audio[0].rate
        sound = np.concatenate([f.to_ndarray().reshape(-1) for f in container.decode(audio=0)]) / 32768
    level = [20 * np.log10(np.sqrt(np.mean(part**2)) + 1e-9) for part in np.split(sound[: 3 * rate], 3)]
    assert level[0] == pytest.approx(-20, abs=0.2)
    assert level[1] == pytest.approx(-30, abs=0.5)
    assert level[2] < -90


def test_same_storyboard_same_file(tmp_path):
    options = RenderOptions(**SMALL, b_frames=2)
    for name in ("a.mkv", "b.mkv"):
        render(BOARD, tmp_path / name, options)
    with av.open(str(tmp_path / "a.mkv")) as one, av.open(str(tmp_path / "b.mkv")) as other:
        assert [bytes(p) for p in one.demux() if p.size] == [bytes(p) for p in other.demux() if p.size]


def test_a_shot_without_a_frame_is_refused(tmp_path):
    with pytest.raises(ValueError, match="shot 1 has 0 frames"):
        render(Storyboard((Shot(1.01, Plain()), Shot(0.001, Plain()), Shot(1.0, Plain()))), tmp_path / "a.mp4")
    with pytest.raises(ValueError, match="dissolve of 99"):
        render(Storyboard((Shot(1.0, Plain(), dissolve_frames=99),)), tmp_path / "a.mp4")
    with pytest.raises(ValueError, match="at least one shot"):
        Storyboard(())
