"""Thumbnails: shape, choice of the picture, failures that stay with their clip."""

import numpy as np
import pytest
from PIL import Image, ImageFilter

from autoclip.clips import Clip
from autoclip.errors import ExportError, MediaError, ParameterError
from autoclip.export.previews.thumbnails import exposure_of, make_thumbnails, middle_of, sharpness_of
from autoclip.media.probe import probe
from autoclip.timeline import Interval

SIZE = (128, 72)
TEXTURE = np.kron(np.random.default_rng(3).integers(40, 215, (18, 32, 3), dtype=np.uint8), np.ones((4, 4, 1), np.uint8))
BLURRED = np.asarray(Image.fromarray(TEXTURE).filter(ImageFilter.GaussianBlur(4)))
BLACK = np.zeros_like(TEXTURE)
EVERY_FRAME_A_KEYFRAME = {"g": "1", "preset": "ultrafast"}
ONE_KEYFRAME = {"g": "9999", "keyint_min": "9999", "sc_threshold": "0", "bf": "2", "preset": "veryfast"}


def clip(start: float, end: float, name: str = "clip") -> Clip:
    return Clip(id=name, name=name, start=start, end=end)


@pytest.fixture
def film_of(encode_tracks, film):
    """Probe of a film whose pictures are each shown for a second, ten frames a second."""

    def make(pictures, options=None, name="film.mp4", **rest):
        frames = [picture for picture in pictures for _ in range(10)]
        size = (frames[0].shape[1], frames[0].shape[0])
        return probe(
            encode_tracks(name, film(frames, size=size, rate=10, options=options or EVERY_FRAME_A_KEYFRAME, **rest))
        )

    return make


def pixels_of(path) -> np.ndarray:
    return np.asarray(Image.open(path).convert("L"), dtype=int)


def test_a_thumbnail_fills_its_size_and_bears_its_clips_id(film_of, tmp_path):
    report = make_thumbnails(film_of([TEXTURE] * 4), [clip(0, 4, "a1b2")], tmp_path / "new" / "thumbnails")
    assert report.failed == ()
    assert [made.path for made in report.made] == [tmp_path / "new" / "thumbnails" / "a1b2.jpg"]
    with Image.open(report.made[0].path) as picture:
        assert (picture.format, picture.size, picture.mode) == ("JPEG", (320, 180), "RGB")
    assert [path.name for path in report.made[0].path.parent.iterdir()] == ["a1b2.jpg"]


@pytest.mark.parametrize("options", [EVERY_FRAME_A_KEYFRAME, ONE_KEYFRAME])
def test_the_picture_comes_from_the_middle_of_its_clip(film_of, tmp_path, options):
    video = film_of([TEXTURE] * 20, options)
    clips = [clip(0, 8, "a"), clip(10, 20, "b"), clip(4, 6, "c")]
    report = make_thumbnails(video, clips, tmp_path)
    assert [made.clip_id for made in report.made] == ["a", "b", "c"]
    for made, wanted in zip(report.made, clips, strict=True):
        middle = middle_of(wanted.interval)
        assert middle.start - 0.1 <= made.instant <= middle.end


@pytest.mark.parametrize("options", [EVERY_FRAME_A_KEYFRAME, ONE_KEYFRAME])
@pytest.mark.parametrize("anchor", [3.25, 10.0, 17.75, 0.25, 19.75])
def test_the_picture_comes_from_the_moment_of_its_clip(film_of, tmp_path, options, anchor):
    video = film_of([TEXTURE] * 20, options)
    chosen = clip(0, 20).model_copy(update={"anchor_time_sec": anchor})
    report = make_thumbnails(video, [chosen], tmp_path)
    assert anchor - 1.1 <= report.made[0].instant <= anchor + 3.0
    assert 0 <= report.made[0].instant < 20


def test_the_moment_is_shown_though_the_scenery_is_sharper(film_of, tmp_path):
    pictures = [TEXTURE] * 20
    pictures[4:8] = [BLURRED] * 4
    chosen = clip(0, 20).model_copy(update={"anchor_time_sec": 5.0})
    assert 4 <= make_thumbnails(film_of(pictures), [chosen], tmp_path).made[0].instant < 8


def test_an_anchor_outside_a_trimmed_clip_counts_no_more(film_of, tmp_path):
    chosen = clip(8, 14).model_copy(update={"anchor_time_sec": 5.0})
    assert 9 <= make_thumbnails(film_of([TEXTURE] * 20), [chosen], tmp_path).made[0].instant <= 13


def test_the_sharp_picture_is_taken_before_the_blurred(film_of, tmp_path):
    pictures = [BLURRED] * 12
    pictures[5] = TEXTURE
    report = make_thumbnails(film_of(pictures), [clip(2, 12)], tmp_path)
    assert 5 <= report.made[0].instant < 6
    assert sharpness_of(Image.open(report.made[0].path)) > 2 * sharpness_of(Image.fromarray(BLURRED).resize((320, 180)))


def test_black_in_the_very_middle_is_avoided(film_of, tmp_path):
    pictures = [TEXTURE] * 12
    pictures[5] = pictures[6] = BLACK
    report = make_thumbnails(film_of(pictures), [clip(0, 12)], tmp_path)
    assert pixels_of(report.made[0].path).mean() > 60


def test_a_black_keyframe_is_no_reason_for_a_black_thumbnail(film_of, tmp_path):
    # The only keyframe of the middle lies in the black between two scenes.
    pictures = [TEXTURE] * 4 + [BLACK] + [TEXTURE] * 5
    options = {**ONE_KEYFRAME, "force_key_frames": "4.0"}
    report = make_thumbnails(film_of(pictures, options), [clip(0, 10)], tmp_path)
    assert pixels_of(report.made[0].path).mean() > 60


def test_all_black_still_gives_a_picture(film_of, tmp_path):
    report = make_thumbnails(film_of([BLACK] * 6), [clip(0, 6)], tmp_path)
    assert pixels_of(report.made[0].path).max() < 10


def test_a_portrait_stands_between_black_sides(film_of, tmp_path):
    def setup(stream):
        stream.set_display_rotation(90)

    report = make_thumbnails(film_of([TEXTURE] * 4, setup=setup), [clip(0, 4)], tmp_path)
    pixels = pixels_of(report.made[0].path)
    width = round(180 * 72 / 128)
    left = (320 - width) // 2
    assert pixels[:, : left - 4].max() < 20
    assert pixels[:, left + width + 4 :].max() < 20
    assert pixels[:, left + 4 : left + width - 4].mean() > 80


def test_what_was_there_is_replaced(film_of, tmp_path):
    (tmp_path / "clip.jpg").write_text("old")
    make_thumbnails(film_of([TEXTURE] * 4), [clip(0, 4)], tmp_path)
    assert Image.open(tmp_path / "clip.jpg").size == (320, 180)


def test_a_clip_whose_part_of_the_file_is_lost_does_not_stop_the_others(encode_tracks, film, tmp_path):
    noise = np.random.default_rng(1).integers(0, 255, (20, 72, 128, 3), dtype=np.uint8)
    tracks = film(list(noise) * 10, size=SIZE, rate=10, options=EVERY_FRAME_A_KEYFRAME)
    path = encode_tracks("film.mp4", tracks, container_options={"movflags": "faststart"})
    video = probe(path)
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    report = make_thumbnails(video, [clip(14, 20, "lost"), clip(2, 8, "kept")], tmp_path / "thumbnails")
    assert [made.clip_id for made in report.made] == ["kept"]
    assert [failure.clip_id for failure in report.failed] == ["lost"]
    assert report.failed[0].reason
    assert [file.name for file in (tmp_path / "thumbnails").iterdir()] == ["kept.jpg"]


def test_progress_rises_to_one(film_of, tmp_path):
    told = []
    clips = [clip(start, start + 2, f"c{start}") for start in range(5)]
    make_thumbnails(film_of([TEXTURE] * 8), clips, tmp_path, told.append)
    assert [progress.fraction for progress in told] == pytest.approx([0.2, 0.4, 0.6, 0.8, 1.0])
    assert {progress.stage for progress in told} == {"thumbnails"}


def test_no_clips_no_thumbnails(film_of, tmp_path):
    report = make_thumbnails(film_of([TEXTURE]), [], tmp_path / "thumbnails")
    assert (report.made, report.failed) == ((), ())


@pytest.mark.parametrize("name", ["", "..", "../escape", "a/b", "a\\b", ".hidden", "a\0b"])
def test_an_id_that_is_no_file_name_is_refused(film_of, tmp_path, name):
    with pytest.raises(ParameterError, match="file name"):
        make_thumbnails(film_of([TEXTURE]), [clip(0, 1, name)], tmp_path)


def test_a_video_that_is_gone_is_told(film_of, tmp_path):
    video = film_of([TEXTURE])
    video.path.unlink()
    with pytest.raises(MediaError, match="no such file"):
        make_thumbnails(video, [clip(0, 1)], tmp_path)


def test_a_folder_that_is_a_file_is_told(film_of, tmp_path):
    (tmp_path / "taken").touch()
    with pytest.raises(ExportError, match="taken"):
        make_thumbnails(film_of([TEXTURE]), [clip(0, 1)], tmp_path / "taken")


def test_the_middle_is_two_thirds_of_a_short_clip_and_ten_seconds_of_a_long_one():
    assert middle_of(Interval(10, 19)) == Interval(11.5, 17.5)
    assert middle_of(Interval(0, 60)) == Interval(25, 35)


def test_mid_gray_is_lit_best_and_detail_is_sharp():
    grays = [Image.new("RGB", (32, 18), (level,) * 3) for level in (0, 60, 128, 200, 255)]
    exposures = [exposure_of(gray) for gray in grays]
    assert exposures[2] == max(exposures)
    assert exposures[0] < exposures[1]
    assert exposures[4] < exposures[3]
    assert sharpness_of(grays[2]) == 0
    assert sharpness_of(Image.fromarray(TEXTURE)) > sharpness_of(Image.fromarray(BLURRED)) > 0


@pytest.mark.parametrize(
    ("name", "size"),
    [
        ("rotate90_reflect.mp4", (120, 180)),
        ("sar_2by3.mp4", (213, 180)),
        ("av1_hdr10_portrait.mp4", (101, 180)),
        ("vp9_odd_dims.webm", (240, 180)),
    ],
)
def test_real_media_keep_their_display_aspect(real_media, tmp_path, name, size):
    video = probe(real_media(f"tricky/{name}"))
    report = make_thumbnails(video, [clip(0, video.duration_sec)], tmp_path)
    pixels = np.asarray(Image.open(report.made[0].path).convert("L"), dtype=int)
    lit = np.flatnonzero(pixels.max(axis=0) > 40)
    assert size[0] - 16 <= lit[-1] - lit[0] + 1 <= size[0] + 16
    assert pixels.max() > 200
