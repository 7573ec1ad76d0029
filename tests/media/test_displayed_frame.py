"""Pictures: right frame, right way up, right colors."""

import subprocess
from fractions import Fraction

import imageio_ffmpeg
import numpy as np
import pytest
from PIL import Image

from autoclip.errors import MediaError
from autoclip.media.displayed_frame import frame_as_displayed
from autoclip.media.frames import open_frames
from autoclip.media.orientation import Size
from autoclip.media.probe import probe

CORNERS = np.zeros((48, 64, 3), dtype=np.uint8)
CORNERS[:24, :32] = (230, 20, 20)
CORNERS[:24, 32:] = (20, 230, 20)
CORNERS[24:, :32] = (20, 20, 230)
CORNERS[24:, 32:] = (230, 230, 230)

GREYS = [20 + 4 * number for number in range(50)]


def shown_by_ffmpeg(path, instant: float) -> np.ndarray:
    """The picture FFmpeg's own automatic rotation makes: a second opinion."""
    png = path.with_suffix(".png")
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-y", "-ss", str(instant), "-i", str(path)]
    subprocess.run([*command, "-frames:v", "1", str(png)], check=True, capture_output=True)
    return np.asarray(Image.open(png).convert("RGB"), dtype=int)


def frame_at(path, video, instant: float, box: Size | None = None) -> Image.Image:
    with open_frames(path, video) as frames:
        return frame_as_displayed(frames.at(instant), video, box)


def number_shown(path, video, instant: float) -> int:
    """Which of `GREYS` is shown."""
    level = np.asarray(frame_at(path, video, instant, Size(8, 8))).mean()
    return round((level - GREYS[0]) / 4)


@pytest.mark.parametrize("hflip", [False, True])
@pytest.mark.parametrize("degrees", [0, 90, 180, 270])
def test_turned_and_mirrored_as_ffmpeg_does(encode_tracks, film, degrees, hflip):
    def setup(stream):
        stream.set_display_rotation(degrees, hflip=hflip)

    path = encode_tracks("corners.mp4", film([CORNERS] * 3, setup=setup))
    ours = np.asarray(frame_at(path, probe(path), 0), dtype=int)
    theirs = shown_by_ffmpeg(path, 0)
    assert ours.shape == theirs.shape
    assert np.abs(ours - theirs).mean() < 4


def test_pixels_become_square_in_the_box(encode_tracks, film):
    def setup(stream):
        stream.codec_context.sample_aspect_ratio = Fraction(2)

    path = encode_tracks("wide.mp4", film([CORNERS] * 15, setup=setup))
    assert frame_at(path, probe(path), 0).size == (128, 48)
    assert frame_at(path, probe(path), 0, Size(320, 180)).size == (320, 120)


@pytest.mark.parametrize(("matrix", "code"), [("bt709", 1), ("smpte170m", 6)])
@pytest.mark.parametrize("full", [False, True])
def test_colors_survive_matrix_and_range(tmp_path, matrix, code, full):
    path = tmp_path / "colors.mp4"
    png = tmp_path / "corners.png"
    Image.fromarray(CORNERS).save(png)
    scale = f"scale=out_color_matrix={matrix}:out_range={'full' if full else 'limited'},format=yuv444p"
    command = [
        imageio_ffmpeg.get_ffmpeg_exe(),
        "-v",
        "error",
        "-loop",
        "1",
        "-i",
        str(png),
        "-frames:v",
        "3",
        "-vf",
        scale,
    ]
    tags = ["-colorspace", str(code), "-color_range", "pc" if full else "tv"]
    subprocess.run([*command, *tags, "-crf", "1", str(path)], check=True, capture_output=True)
    shown = np.asarray(frame_at(path, probe(path), 0), dtype=int)
    for y, x in ((10, 10), (10, 50), (40, 10), (40, 50)):
        assert shown[y, x] == pytest.approx(CORNERS[y, x], abs=4)


def test_hdr_white_is_white_and_gray_is_gray(encode_tracks, film):
    def setup(stream):
        context = stream.codec_context
        context.color_trc, context.color_primaries, context.colorspace, context.color_range = 16, 9, 9, 1

    white = round(0.5807 * 255)  # 203 cd/m2 under PQ
    pictures = [np.full((48, 64, 3), white, np.uint8), np.full((48, 64, 3), round(0.35 * 255), np.uint8)]
    hdr = film(
        pictures, codec="libx264", pixel_format="yuv420p10le", options={"preset": "ultrafast", "crf": "4"}, setup=setup
    )
    path = encode_tracks("hdr.mp4", hdr)
    video = probe(path)
    assert np.asarray(frame_at(path, video, 0)).mean() > 245
    gray = np.asarray(frame_at(path, video, 0.04))
    assert 60 < gray.mean() < 120
    assert np.ptp(gray.reshape(-1, 3).mean(axis=0)) < 3


@pytest.mark.parametrize(
    ("suffix", "options"),
    [(suffix, {"bf": "3", "g": "500", "preset": "medium"}) for suffix in ("mp4", "mkv", "ts")]
    + [(suffix, {"bf": "0", "g": "5"}) for suffix in ("mp4", "mkv", "ts", "avi")],  # a tick of AVI is a frame
)
def test_the_frame_of_each_instant(encode_tracks, film, suffix, options):
    path = encode_tracks(f"numbers.{suffix}", film(GREYS, options=options))
    video = probe(path)
    for number in (0, 1, 7, 24, 25, 43, 49):
        assert number_shown(path, video, number / 25 + 0.001) == number
        assert number_shown(path, video, number / 25 + 0.037) == number


def test_no_frame_is_skipped_where_the_decoder_would_skip_to_the_end(encode_tracks, film):
    """The decoder of AV1 heeds only what it is told first, at a keyframe long before the frame that is wanted."""
    path = encode_tracks(
        "numbers.mp4", film(GREYS, codec="libsvtav1", options={"preset": "10", "g": "500", "crf": "10"})
    )
    video = probe(path)
    with open_frames(path, video) as frames:
        instants = [frames.at((number + 0.5) / 25).instant for number in (49, 48, 47, 46)]
    assert [round(instant * 25) for instant in instants] == [49, 48, 47, 46]


def test_before_the_first_and_behind_the_last_the_nearest_is_shown(encode_tracks, film):
    path = encode_tracks("numbers.mp4", film(GREYS))
    video = probe(path)
    assert number_shown(path, video, -1) == 0
    assert number_shown(path, video, 99) == 49


def test_a_frame_held_for_long_is_shown_for_long(encode_tracks, film):
    ticks = [0, 1, 2, 3, 100, 101]
    path = encode_tracks("held.mp4", film(GREYS[:6], ticks=ticks, options={"bf": "2", "preset": "medium"}))
    video = probe(path)
    assert [number_shown(path, video, instant) for instant in (0.13, 2.0, 3.9, 4.01, 4.05)] == [3, 3, 3, 4, 5]


def test_a_frame_of_a_second_is_shown_to_its_end(encode_tracks, film):
    options = {"bf": "3", "g": "500", "preset": "medium"}
    path = encode_tracks("slow.mp4", film(GREYS[:30], ticks=range(0, 750, 25), options=options))
    video = probe(path)
    assert [number_shown(path, video, number + 0.9) for number in range(20, 26)] == list(range(20, 26))


def test_time_counts_from_the_first_frame(encode_tracks, film):
    path = encode_tracks("late.mkv", film(GREYS, ticks=range(40, 90)))
    assert number_shown(path, probe(path), 0.41) == 10


def test_frames_in_and_out_of_order_from_one_reader(encode_tracks, film):
    path = encode_tracks("numbers.mp4", film(GREYS, options={"g": "10", "bf": "2", "preset": "medium"}))
    with open_frames(path, probe(path)) as frames:
        instants = [frames.at((number + 0.5) / 25).instant for number in (3, 4, 30, 49, 2, 2, 1, 45)]
    assert [round(instant * 25) for instant in instants] == [3, 4, 30, 49, 2, 2, 1, 45]


def test_references_alone_are_no_later_and_leave_no_gap_behind(encode_tracks, film):
    path = encode_tracks("numbers.mp4", film(GREYS, options={"g": "500", "bf": "3", "preset": "medium"}))
    with open_frames(path, probe(path)) as frames:
        coarse = frames.at(30.5 / 25, references_only=True)
        assert 25 <= round(coarse.instant * 25) <= 30
        assert round(frames.at(30.5 / 25).instant * 25) == 30
        assert round(frames.at(31.5 / 25).instant * 25) == 31


def test_a_file_that_is_gone_is_told(encode_tracks, film):
    path = encode_tracks("numbers.mp4", film(GREYS))
    video = probe(path)
    path.unlink()
    with pytest.raises(MediaError, match="no such file"):
        frame_at(path, video, 0)


def test_a_file_replaced_by_another_kind_is_told(encode_tracks, film, sound):
    path = encode_tracks("numbers.mp4", film(GREYS))
    video = probe(path)
    encode_tracks("numbers.mp4", sound())
    with pytest.raises(MediaError, match="probe the file again"):
        frame_at(path, video, 0)


def test_a_portrait_of_high_dynamic_range_is_not_washed_out(real_media):
    path = real_media("tricky/av1_hdr10_portrait.mp4")
    picture = frame_at(path, probe(path), 2.0, Size(320, 180))
    assert picture.size == (101, 180)
    luma = np.asarray(picture.convert("L"))
    # Undecoded, PQ puts all of this picture between a fifth and three fifths of the range.
    assert np.percentile(luma, 1) < 40
    assert np.percentile(luma, 99) > 215
    assert luma.std() > 45


@pytest.mark.parametrize(
    "name", ["rotate90_reflect.mp4", "h265_10bits.mp4", "vfr_518x488.mp4", "vp9_odd_dims.webm", "sample.avi"]
)
def test_real_pictures_are_what_ffmpeg_shows(real_media, tmp_path, name):
    path = tmp_path / name
    path.write_bytes(real_media(f"tricky/{name}").read_bytes())
    ours = np.asarray(frame_at(path, probe(path), 0), dtype=int)
    theirs = shown_by_ffmpeg(path, 0)
    assert ours.shape == theirs.shape
    assert np.abs(ours - theirs).mean() < 6
