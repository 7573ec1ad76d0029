"""Sound and picture come out as asked: tracks, loudness, fades, rate, size, shape, range and orientation."""

from dataclasses import replace
from fractions import Fraction

import av
import numpy as np
import pytest
from made_media import BOARD, SIZE, complaints, look_at

from autoclip.errors import ParameterError
from autoclip.export.audio.loudness import MEASURING_FILTER, read_loudness
from autoclip.export.compound.render import SourceSpan, export_compound
from autoclip.export.framing.motion import find_motion_path
from autoclip.export.platforms import PLATFORMS, limits_broken
from autoclip.export.render import export_clip
from autoclip.media.ffmpeg import run_ffmpeg
from autoclip.media.probe import probe
from autoclip.settings import ExportSettings
from autoclip.timeline import Interval
from synthetic_media import Noise, Plain, RenderOptions, Shot, Storyboard, render

FAST = ExportSettings(encoder_preset="ultrafast")


def fast(**changes):
    return FAST.model_copy(update=changes)


def loudness_of(path):
    run = run_ffmpeg(["-i", str(path), "-map", "0:a", "-af", MEASURING_FILTER, "-loglevel", "info", "-f", "null", "-"])
    return read_loudness(run).integrated_lufs


@pytest.fixture(scope="module")
def noisy(tmp_path_factory):
    """Eight seconds of quiet noise, a silent picture, and one with nothing but digital silence."""
    folder = tmp_path_factory.mktemp("noisy")
    shots = (replace(BOARD.shots[0], duration_sec=8),)
    render(
        Storyboard(shots, (Noise(Interval(0, 8), -38.0, color="pink"),)), folder / "quiet.mp4", RenderOptions(**SIZE)
    )
    render(Storyboard(shots), folder / "silence.mp4", RenderOptions(**SIZE))
    return folder


@pytest.mark.parametrize("cut", ["exact", "smart"])
def test_loudness_is_brought_to_the_target(tmp_path, noisy, cut):
    video = probe(noisy / "quiet.mp4")
    settings = fast(normalize_loudness=True, target_lufs=-20.0, cut=cut)
    result = export_clip(video, Interval(1, 7), tmp_path / "clip.mp4", settings)
    assert loudness_of(noisy / "quiet.mp4") < -30
    assert loudness_of(result.path) == pytest.approx(-20, abs=0.3)
    assert "to -20 LUFS" in result.notes[0]
    assert probe(result.path).audio.sample_rate == 48_000


def test_a_compound_is_leveled_as_a_whole(tmp_path, noisy):
    video = probe(noisy / "quiet.mp4")
    items = [SourceSpan(video, Interval(1, 3)), SourceSpan(video, Interval(4, 7))]
    result = export_compound(items, tmp_path / "all.mp4", fast(normalize_loudness=True, target_lufs=-20.0))
    assert loudness_of(result.path) == pytest.approx(-20, abs=0.3)
    assert "to -20 LUFS" in result.notes[0]


def test_silence_is_left_alone(tmp_path, noisy):
    result = export_clip(
        probe(noisy / "silence.mp4"), Interval(1, 5), tmp_path / "a.mp4", fast(normalize_loudness=True)
    )
    assert "silent" in result.notes[0]


def test_fades_begin_and_end_in_black_and_silence(tmp_path, noisy):
    settings = fast(fade_in_sec=0.5, fade_out_sec=0.5)
    result = export_clip(probe(noisy / "quiet.mp4"), Interval(1, 5), tmp_path / "clip.mp4", settings)
    with av.open(str(result.path)) as container:
        lumas = [frame.reformat(format="gray").to_ndarray().mean() for frame in container.decode(video=0)]
    with av.open(str(result.path)) as container:
        sound = np.concatenate([frame.to_ndarray()[0] for frame in container.decode(audio=0)])
    middle = np.median(lumas)
    assert lumas[0] < 0.1 * middle
    assert lumas[-1] < 0.2 * middle
    assert lumas[6] < 0.8 * middle < lumas[14]
    rms = [float(np.sqrt(np.mean(part**2))) for part in np.array_split(sound[: 4 * 48_000], 40)]
    assert rms[0] < 0.3 * rms[20]
    assert rms[-1] < 0.3 * rms[20]


@pytest.fixture(scope="module")
def two_tracks(tmp_path_factory, source):
    """A file whose first track beeps at each second and whose second one is a tone, in two languages."""
    path = tmp_path_factory.mktemp("tracks") / "two.mp4"
    video, _ = source("constant.mp4")
    run_ffmpeg([
        *("-i", str(video.path), "-f", "lavfi", "-i", "sine=frequency=440:duration=12", "-map", "0:v", "-map", "0:a"),
        *("-map", "1:a", "-c:v", "copy", "-c:a", "aac", "-metadata:s:a:0", "language=deu", "-metadata:s:a:1"),
        *("language=fra", "-f", "mp4", str(path)),
    ])  # fmt: skip
    return probe(path)


@pytest.mark.parametrize("cut", ["exact", "smart", "copy"])
@pytest.mark.parametrize(
    ("wanted", "languages"), [("default", ["deu"]), ("all", ["deu", "fra"]), ("2", ["fra"]), ("none", [])]
)
def test_the_chosen_tracks_are_kept(tmp_path, two_tracks, cut, wanted, languages):
    result = export_clip(two_tracks, Interval(2.5, 5), tmp_path / "clip.mp4", fast(cut=cut, audio_tracks=wanted))
    with av.open(str(result.path)) as container:
        assert [stream.metadata["language"] for stream in container.streams.audio] == languages


def test_a_track_that_is_not_there_is_refused(tmp_path, two_tracks):
    with pytest.raises(ParameterError, match="no readable audio track 3"):
        export_clip(two_tracks, Interval(2, 3), tmp_path / "clip.mp4", fast(audio_tracks="3"))


@pytest.mark.parametrize("tracks", ["loud", "0", "-1", "1.5", ""])
def test_tracks_that_can_not_be_meant_are_refused_when_set(tracks):
    with pytest.raises(ParameterError, match="audio_tracks"):
        ExportSettings.from_flat({"audio_tracks": tracks})


@pytest.mark.parametrize("rate", [10.0, 30.0, 50.0])
def test_the_frame_rate_is_changed_without_changing_time(tmp_path, source, rate):
    video, _ = source("variable.mp4")
    result = export_clip(video, Interval(2, 6), tmp_path / "clip.mp4", fast(frame_rate=rate))
    facts = probe(result.path).video
    assert facts.average_rate == Fraction(rate)
    assert result.frame_count == pytest.approx(4 * rate, abs=1)


@pytest.mark.parametrize(
    ("changes", "size"),
    [
        ({"export_height": 90}, (160, 90)),
        ({"export_height": 91}, (160, 90)),
        ({"shape": "vertical"}, (100, 180)),
        ({"shape": "square"}, (180, 180)),
        ({"shape": "vertical", "framing": "blur"}, (180, 320)),
        ({"shape": "square", "framing": "blur"}, (180, 180)),
        ({"shape": "vertical", "framing": "motion"}, (100, 180)),
        ({"shape": "vertical", "export_height": 320}, (180, 320)),
        ({"platform": "x"}, (320, 180)),
    ],
)
def test_pictures_have_the_shape_asked_for(tmp_path, source, changes, size):
    video, _ = source("constant.mp4")
    result = export_clip(video, Interval(2, 3), tmp_path / "clip.mp4", fast(**changes))
    facts = probe(result.path).video
    assert (facts.display_width, facts.display_height) == size
    assert result.frame_count == 25
    assert complaints(result.path) == ""


@pytest.mark.parametrize("name", ["tiktok", "reels", "shorts"])
def test_platforms_get_their_own_size(tmp_path, source, name):
    video, _ = source("silent.mp4")
    result = export_clip(video, Interval(2, 5), tmp_path / "clip.mp4", fast(platform=name))
    facts = probe(result.path).video
    assert (facts.display_width, facts.display_height) == (1080, 1920)


@pytest.mark.parametrize("name", PLATFORMS)
def test_a_broken_limit_is_told_before_rendering(tmp_path, source, name):
    video, _ = source("constant.mp4")
    platform = PLATFORMS[name]
    assert limits_broken(video, platform.longest_sec, fast(platform=name)) == ()
    assert "at most" in limits_broken(video, platform.longest_sec + 1, fast(platform=name))[0]
    assert "at least" in limits_broken(video, platform.shortest_sec / 2, fast(platform=name))[0]
    with pytest.raises(ParameterError, match=platform.title):
        export_clip(video, Interval(2, 2 + platform.shortest_sec / 2), tmp_path / "clip.mp4", fast(platform=name))
    assert list(tmp_path.iterdir()) == []


def test_every_frame_of_a_shape_is_the_one_asked_for(tmp_path, source):
    video, _ = source("b_frames.mp4")
    settings = fast(shape="vertical", framing="blur", export_height=570)
    result = export_clip(video, Interval(2, 3), tmp_path / "clip.mp4", settings)
    with av.open(str(result.path)) as container:
        frames = [frame.reformat(format="gray").to_ndarray() for frame in container.decode(video=0)]
    height = 180  # the whole source, 320x180, lies in the middle of 320x570
    top = (570 - height) // 2
    from synthetic_media import read_frame_number

    assert [read_frame_number(frame[top : top + height]) for frame in frames] == list(range(50, 75))


def test_a_crop_follows_what_moves(tmp_path):
    """A bright bar wanders from the left to the right in front of a still picture."""
    path = tmp_path / "moving.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 320, 180, "yuv420p"
        for i in range(200):
            picture = np.full((180, 320, 3), 60, np.uint8)
            x = 20 + round(260 * i / 200)
            picture[60:140, x : x + 20] = 230
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture)))
        container.mux(stream.encode(None))
    video = probe(path)
    motion = find_motion_path(video, Interval(0, 8))
    assert motion.center[4] < 0.3
    assert motion.center[-4] > 0.7
    result = export_clip(video, Interval(0, 8), tmp_path / "clip.mp4", fast(shape="vertical", framing="motion"))
    with av.open(str(result.path)) as container:
        seen = [(frame.reformat(format="gray").to_ndarray() > 150).any() for frame in container.decode(video=0)]
    assert np.mean(seen) > 0.95


def _moving_bars(path, bars, size=(320, 180), fps=25):
    """Write shots, each of `count` frames: a bright bar that jitters at `place` over a ground of its own."""
    random = np.random.default_rng(3)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=fps, options={"crf": "16"})
        stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
        for count, place, ground in bars:
            for i in range(count):
                picture = np.full((size[1], size[0], 3), ground, np.uint8)
                picture[:, ::16] //= 2  # the ground has a structure, so that another ground is another shot
                if place is not None:
                    x = round(place * size[0]) - 15 + round(6 * np.sin(i / 2) + random.integers(-2, 3))
                    picture[50:130, max(x, 0) : x + 30] = 250
                container.mux(stream.encode(av.VideoFrame.from_ndarray(picture)))
        container.mux(stream.encode(None))


@pytest.mark.parametrize("odd", [61, 64, 70])
def test_the_path_jumps_on_the_very_frame_of_a_cut(tmp_path, odd):
    path = tmp_path / "cuts.mp4"
    _moving_bars(path, [(odd, 0.15, (20, 60, 120)), (80, 0.85, (120, 40, 20)), (odd, 0.2, (30, 110, 40))])
    video = probe(path)
    whole = Interval(0, (2 * odd + 80) / 25)
    motion = find_motion_path(video, whole)
    assert np.allclose(motion.seconds[motion.jumps], [(odd - 0.5) / 25, (odd + 79.5) / 25], atol=0.001)
    result = export_clip(video, whole, tmp_path / "clip.mp4", fast(shape="vertical", framing="motion"))
    with av.open(str(result.path)) as container:
        seen = [(frame.reformat(format="gray").to_ndarray() > 200).any() for frame in container.decode(video=0)]
    assert all(seen)


def test_the_path_begins_where_the_motion_of_its_shot_will_be(tmp_path):
    path = tmp_path / "late.mp4"
    _moving_bars(path, [(50, None, (20, 60, 120)), (50, 0.8, (120, 40, 20))])
    motion = find_motion_path(probe(path), Interval(0.3, 4))
    before, after = motion.center[: np.flatnonzero(motion.jumps)[0]], motion.center[np.flatnonzero(motion.jumps)[0] :]
    assert np.allclose(before, 0.5)
    assert np.all(after > 0.7)


def test_motion_everywhere_leaves_the_crop_in_the_middle(tmp_path):
    path = tmp_path / "noise.mp4"
    world = np.random.default_rng(5).integers(0, 255, (180, 640, 3), dtype=np.uint8).repeat(4, axis=1)[:, :640]
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 320, 180, "yuv420p"
        for i in range(75):  # a camera that turns
            view = np.ascontiguousarray(world[:, 4 * i : 4 * i + 320])
            container.mux(stream.encode(av.VideoFrame.from_ndarray(view)))
        container.mux(stream.encode(None))
    motion = find_motion_path(probe(path), Interval(0, 3))
    assert np.allclose(motion.center, 0.5, atol=0.06)


def test_nothing_that_moves_leaves_the_crop_in_the_middle(tmp_path):
    render(Storyboard((Shot(2.0, Plain()),)), tmp_path / "black.mp4", RenderOptions(**SIZE))
    motion = find_motion_path(probe(tmp_path / "black.mp4"), Interval(0, 2))
    assert np.allclose(motion.center, 0.5)
    assert motion.expression(100, 320) == "110"


def test_a_turned_source_is_exported_upright(tmp_path):
    board = replace(BOARD, shots=(replace(BOARD.shots[0], duration_sec=2),))
    render(board, tmp_path / "turned.mp4", RenderOptions(**SIZE, rotation=90))
    result = export_clip(probe(tmp_path / "turned.mp4"), Interval(0.4, 1.6), tmp_path / "clip.mp4", FAST)
    facts = probe(result.path).video
    assert (facts.width, facts.height, facts.rotation) == (180, 320, 0)


@pytest.mark.parametrize("pixel_format", ["yuv420p10le", "yuv444p"])
def test_pixels_are_made_what_every_player_shows(tmp_path, pixel_format):
    board = replace(BOARD, shots=(replace(BOARD.shots[0], duration_sec=2),))
    render(board, tmp_path / "deep.mp4", RenderOptions(**SIZE, pixel_format=pixel_format))
    result = export_clip(probe(tmp_path / "deep.mp4"), Interval(0.4, 1.6), tmp_path / "clip.mp4", FAST)
    assert probe(result.path).video.pixel_format == "yuv420p"
    assert look_at(result.path).numbers == list(range(10, 40))


def test_more_bits_are_kept_on_request_in_a_codec_that_plays_them(tmp_path):
    board = replace(BOARD, shots=(replace(BOARD.shots[0], duration_sec=2),))
    render(board, tmp_path / "deep.mp4", RenderOptions(**SIZE, pixel_format="yuv420p10le"))
    video = probe(tmp_path / "deep.mp4")
    kept = export_clip(video, Interval(0.4, 1.6), tmp_path / "a.mp4", fast(dynamic_range="keep", video_codec="h265"))
    assert (probe(kept.path).video.codec, probe(kept.path).video.bit_depth) == ("hevc", 10)
    with pytest.raises(ParameterError, match="h265"):
        export_clip(video, Interval(0.4, 1.6), tmp_path / "b.mp4", fast(dynamic_range="keep"))


def test_hdr_becomes_sdr_that_is_neither_dark_nor_washed_out(tmp_path, real_media):
    video = probe(real_media("tricky/av1_hdr10_portrait.mp4"))
    result = export_clip(video, Interval(1, 2), tmp_path / "clip.mp4", FAST)
    facts = probe(result.path).video
    assert (facts.hdr, facts.color_transfer, facts.pixel_format) == (False, "bt709", "yuv420p")
    assert (facts.display_width, facts.display_height) == (720, 1280)
    with av.open(str(result.path)) as container:
        picture = next(container.decode(video=0)).to_ndarray(format="rgb24").astype(float)
    luma = picture @ [0.2126, 0.7152, 0.0722]
    assert 70 < luma.mean() < 190
    assert np.percentile(luma, 99) - np.percentile(luma, 1) > 120
    assert (picture.max(axis=2) - picture.min(axis=2)).mean() > 12


def test_tags_of_the_source_are_not_passed_on(tmp_path):
    board = replace(BOARD, shots=(replace(BOARD.shots[0], duration_sec=2),))
    tagged = RenderOptions(**SIZE, metadata={"title": "secret", "location": "+48.85+002.35/"})
    render(board, tmp_path / "tagged.mp4", tagged)
    result = export_clip(probe(tmp_path / "tagged.mp4"), Interval(0, 1), tmp_path / "clip.mp4", FAST)
    with av.open(str(result.path)) as container:
        assert not {"title", "location", "com.apple.quicktime.location.ISO6709"} & set(container.metadata)
