"""A crop that follows people, on footage in which it is known where each is: the detector here finds marked heads.

What a real network finds on real faces is tested in test_real_faces.py; here it is what becomes of it.
"""

import math
from fractions import Fraction

import av
import numpy as np
import pytest
from scipy.ndimage import label

from autoclip.export.framing.clip_frames import read_clip_frames
from autoclip.export.framing.faces import Face
from autoclip.export.framing.subject import CropShape, frame_subject
from autoclip.export.framing.tracks import FaceSample, follow_faces
from autoclip.export.render import export_clip
from autoclip.media.probe import probe
from autoclip.settings import ExportSettings
from autoclip.timeline import Interval

WIDTH, HEIGHT, RATE = 640, 360, 25
LARGE = {"size": (1088, 612), "preset": "superfast", "bf": "3", "sc_threshold": "0"}
"""Frames so large that those that no other refers to are skipped, with a keyframe only at the beginning."""
UPRIGHT = CropShape(WIDTH / HEIGHT, 9 / 16)
GREEN = (30, 230, 40)


class HeadDetector:
    """Finds green heads."""

    def require(self):
        pass

    def detect(self, picture):
        height, width = picture.shape[:2]
        red, green, blue = (picture[..., i].astype(int) for i in range(3))
        marks, count = label(green - np.maximum(red, blue) > 60)
        faces = []
        for number in range(1, count + 1):
            rows, columns = np.nonzero(marks == number)
            if rows.size > 60:
                left, right, top, bottom = columns.min(), columns.max() + 1, rows.min(), rows.max() + 1
                x, y = (left + right) / 2, top + 0.72 * (bottom - top)
                faces.append(
                    Face(left / width, top / height, right / width, bottom / height, 0.9, x / width, y / height)
                )
        return faces


def write(path, frames, sound=None, *, size=(WIDTH, HEIGHT), **options):
    """Write frames, each a list of heads (x, y, open mouth) over a ground; x and y are shares."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=RATE, options={"crf": "18", "preset": "ultrafast", **options})
        stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
        voice = container.add_stream("aac", rate=16000, layout="mono") if sound is not None else None
        for ground, heads in frames:
            picture = np.full((HEIGHT, WIDTH, 3), ground, np.uint8)
            picture[:, ::16] //= 2
            for x, y, is_open in heads:
                left, top = round(x * WIDTH) - 24, round(y * HEIGHT) - 30
                picture[max(top, 0) : top + 60, max(left, 0) : left + 48] = GREEN
                if is_open:
                    picture[top + 38 : top + 50, left + 14 : left + 34] = (20, 180, 25)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture).reformat(*size)))
        container.mux(stream.encode(None))
        if voice is not None:
            frame = av.AudioFrame.from_ndarray(sound[None].astype(np.float32), format="fltp", layout="mono")
            frame.sample_rate, frame.time_base, frame.pts = 16000, Fraction(1, 16000), 0
            container.mux(voice.encode(frame))
            container.mux(voice.encode(None))
    return probe(path)


def framed(video, **options):
    return frame_subject(video, Interval(0, video.duration_sec), UPRIGHT, HeadDetector(), **options)


def inside(framing, places, shape=UPRIGHT, middle=0.6):
    """Share of frames in which a place is in the middle of the crop."""
    seconds = (np.arange(len(places)) + 0.01) / RATE
    reach = np.clip(places, shape.share / 2, 1 - shape.share / 2)
    return np.mean(np.abs(framing.path.at(seconds) - reach) <= middle / 2 * shape.share)


def test_a_person_who_walks_stays_in_the_middle(tmp_path):
    places = np.interp(np.arange(250), [0, 60, 160, 250], [0.2, 0.2, 0.75, 0.75])
    framing = framed(write(tmp_path / "walk.mp4", [((90, 60, 60), [(x, 0.4, False)]) for x in places]))
    assert framing.followed == ("faces",)
    assert framing.notes() == ()
    assert inside(framing, places) >= 0.95
    assert np.ptp(framing.path.at(np.arange(0, 1.5, 0.04))) < 1e-3


@pytest.mark.parametrize(("options", "cuts"), [({}, [57]), (LARGE, [18, 43, 64])])
def test_the_crop_jumps_on_the_very_frame_of_a_cut(tmp_path, options, cuts):
    lengths = np.diff([0, *cuts, 100])
    shots = [((20, 60, 120), 0.2), ((130, 40, 20), 0.8)] * 2
    frames = [
        (ground, [(x, 0.4, False)]) for (ground, x), length in zip(shots, lengths, strict=False) for _ in range(length)
    ]
    video = write(tmp_path / "cut.mp4", frames, **options)
    framing = framed(video)
    assert framing.path.seconds[framing.path.jumps] == pytest.approx((np.array(cuts) - 0.5) / RATE, abs=0.001)
    assert inside(framing, np.array([heads[0][0] for _, heads in frames])) == 1.0
    if options:
        assert len(read_clip_frames(video, Interval(0, 4)).instants) < 75


def test_a_cut_into_a_strobe_is_found(tmp_path):
    cells = np.random.default_rng(7).integers(20, 170, (2, 18, 32, 3), dtype=np.uint8)
    old, new = cells.repeat(HEIGHT // 18, axis=1).repeat(WIDTH // 32, axis=2)
    flash = (0.35 * new + 0.65 * 255).astype(np.uint8)
    shots = [*[old] * 40, *[flash, new, new] * 12]
    frames = read_clip_frames(write(tmp_path / "strobe.mp4", [(shot, []) for shot in shots]), Interval(0, 3))
    assert frames.edges == (0, 40, 75)


def test_a_head_that_turns_away_is_held(tmp_path):
    seen = np.ones(250, bool)
    seen[100:140] = False
    frames = [((90, 60, 60), [(0.25, 0.4, False)] if shown else []) for shown in seen]
    framing = framed(write(tmp_path / "turned.mp4", frames))
    assert np.ptp(framing.path.center) < 1e-3
    assert inside(framing, np.full(250, 0.25)) == 1.0


def test_another_person_takes_the_crop_while_the_first_is_out_of_sight(tmp_path):
    places = np.repeat([0.25, np.nan, 0.75, np.nan, 0.25], [75, 15, 50, 15, 75])
    frames = [((90, 60, 60), [] if np.isnan(x) else [(x, 0.4, False)]) for x in places]
    framing = framed(write(tmp_path / "other.mp4", frames))
    assert inside(framing, np.where(np.isnan(places), framing.path.at(np.arange(230) / RATE), places)) >= 0.95


def test_haste_does_not_make_for_more_looks(tmp_path):
    """Every frame differs from the one before as much as at a cut."""
    looks = []

    class CountingDetector(HeadDetector):
        def detect(self, picture):
            looks.append(picture)
            return super().detect(picture)

    video = write(tmp_path / "haste.mp4", [((40 + 120 * (number % 2),) * 3, []) for number in range(100)])
    frame_subject(video, Interval(0, video.duration_sec), UPRIGHT, CountingDetector())
    assert len(looks) <= 3 * video.duration_sec


def test_without_people_the_middle_is_kept_and_told(tmp_path):
    framing = framed(write(tmp_path / "empty.mp4", [((90, 60, 60), [])] * 60))
    assert framing.notes() == ("framing: no face was found in 1 of 1 shots: 1 stay in the middle",)
    assert np.allclose(framing.path.center, 0.5)


def test_two_people_side_by_side_share_the_crop(tmp_path):
    frames = [((90, 60, 60), [(0.40, 0.4, False), (0.54, 0.4, False)])] * 75
    framing = framed(write(tmp_path / "couple.mp4", frames))
    assert framing.splits == ()
    assert framing.path.center == pytest.approx(0.47, abs=0.02)


def dialogue(path, speakers, **options):
    """Two people far apart; the mouth of who speaks opens and closes six times a second, with sound."""
    frames, sound = [], []
    for speaker in speakers:
        for _ in range(RATE):
            is_open = len(frames) % 4 < 2
            heads = [(x, 0.4, is_open and speaker == who) for who, x in enumerate((0.2, 0.8))]
            frames.append(((90, 60, 60), heads))
            level = 0.2 if speaker is not None else 0.0
            sound.append(level * np.sin(2 * np.pi * 220 * np.arange(640) / 16000))
    return write(path, frames, np.concatenate(sound), **options)


def test_of_two_people_the_one_who_speaks_is_followed(tmp_path):
    framing = framed(dialogue(tmp_path / "talk.mp4", [0] * 5 + [1] * 5 + [0] * 5))
    assert framing.splits == ()
    places = framing.path.at(np.array([2.0, 8.0, 13.0]))
    assert places == pytest.approx([0.2, 0.8, 0.2], abs=0.3 * UPRIGHT.share)


def test_mouths_are_compared_where_only_every_fourth_frame_is_referred_to(tmp_path):
    options = {**LARGE, "x264-params": "b-pyramid=none:b-adapt=0"}
    framing = framed(dialogue(tmp_path / "talk.mp4", [0] * 3 + [1] * 3, **options))
    assert framing.splits == ()
    assert framing.path.at(np.array([1.0, 5.5])) == pytest.approx([0.2, 0.8], abs=0.3 * UPRIGHT.share)


def test_two_people_of_whom_nobody_is_heard_are_shown_one_above_the_other(tmp_path):
    video = dialogue(tmp_path / "silent.mp4", [None] * 4)
    framing = framed(video)
    assert [(split.start_sec, split.end_sec) for split in framing.splits] == [(0, math.inf)]
    upper, lower = framing.splits[0].halves
    assert upper.path.center.max() < 0.4
    assert lower.path.center.min() > 0.6


def test_both_halves_are_in_the_file_whoever_speaks_if_a_split_is_asked_for(tmp_path, monkeypatch):
    video = dialogue(tmp_path / "talk.mp4", [0] * 3)
    monkeypatch.setattr("autoclip.export.framing.plan.detector_for", lambda _settings: HeadDetector())
    settings = ExportSettings(shape="vertical", framing="split", encoder_preset="ultrafast")
    result = export_clip(video, Interval(0, 3), tmp_path / "clip.mp4", settings)
    with av.open(str(result.path)) as container:
        pictures = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    assert len(pictures) == 75
    for picture in (pictures[0], pictures[40], pictures[-1]):
        half = picture.shape[0] // 2
        for part in (picture[:half], picture[half:]):
            (face,) = HeadDetector().detect(part)
            assert 0.2 <= face.center_x <= 0.8
            assert 0.2 <= face.center_y <= 0.8


def test_a_detector_that_is_missing_falls_back_to_motion_and_says_why(tmp_path):
    video = write(tmp_path / "one.mp4", [((90, 60, 60), [(0.3, 0.4, False)])] * 50)
    settings = ExportSettings(
        shape="vertical", framing="subject", subject_model=str(tmp_path / "none.onnx"), encoder_preset="ultrafast"
    )
    result = export_clip(video, Interval(0, 2), tmp_path / "clip.mp4", settings)
    (note,) = result.notes
    assert note.startswith("framing: the motion is followed instead of people: ")
    unknown = settings.model_copy(update={"subject_detector": "nobody's"})
    (note,) = export_clip(video, Interval(0, 2), tmp_path / "again.mp4", unknown).notes
    assert "there is no subject_detector" in note


def test_two_people_who_pass_each_other_stay_apart():
    """Halfway only the one in front is seen."""

    def face(x, side):
        return Face(x - side / 2, 0.4 - side / 2, x + side / 2, 0.4 + side / 2, 0.9)

    samples = []
    for number in range(13):
        near, far = face(0.2 + 0.05 * number, 0.12), face(0.8 - 0.05 * number, 0.1)
        faces = (near,) if number in (5, 6, 7) else (near, far)
        samples.append(FaceSample(0.33 * number, faces, (math.nan,) * len(faces)))
    first, second = follow_faces(samples)
    assert first.along(vertical_side=False) == pytest.approx(0.2 + 0.05 * np.arange(13))
    assert second.along(vertical_side=False)[[0, -1]] == pytest.approx([0.8, 0.2])


def test_a_flicker_that_is_seen_once_is_nobody(tmp_path):
    frames = [((90, 60, 60), [(0.3, 0.4, False)] + ([(0.8, 0.4, False)] if i in (25, 26) else [])) for i in range(100)]
    framing = framed(write(tmp_path / "flicker.mp4", frames))
    assert framing.splits == ()
    assert inside(framing, np.full(100, 0.3)) == 1.0
