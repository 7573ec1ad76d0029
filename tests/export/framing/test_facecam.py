"""A streamer's camera is found in the picture of a game, and shown above it."""

import av
import numpy as np
import pytest
from moving_scenes import texture

from autoclip.errors import ParameterError
from autoclip.export.framing.facecam import find_facecam
from autoclip.export.render import export_clip
from autoclip.media.probe import probe
from autoclip.settings import ExportSettings
from autoclip.timeline import Interval

WIDTH, HEIGHT = 640, 360
BT_709 = 1
"""In all three tables of ITU-T H.273."""
QUICK = ExportSettings(shape="vertical", framing="facecam-top", encoder_preset="ultrafast")


def overlap(found, truth):
    """IoU of a rectangle and one in pixels."""
    left, top, width, height = found.left * WIDTH, found.top * HEIGHT, found.width * WIDTH, found.height * HEIGHT
    across = max(0, min(left + width, truth[0] + truth[2]) - max(left, truth[0]))
    down = max(0, min(top + height, truth[1] + truth[3]) - max(top, truth[1]))
    return across * down / (width * height + truth[2] * truth[3] - across * down)


@pytest.fixture(scope="module")
def game(tmp_path_factory):
    """Give a function that writes a game that turns and jumps about, with a display at the bottom and a camera."""
    worlds = [texture(seed, HEIGHT, 2 * WIDTH).astype(np.uint8) for seed in range(4)]
    room = texture(9, 360, 480).astype(np.uint8)
    folder = tmp_path_factory.mktemp("games")

    def write(name, camera=None):
        with av.open(str(folder / name), "w") as container:
            stream = container.add_stream("libx264", rate=10, options={"crf": "20", "preset": "ultrafast", "g": "10"})
            stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
            stream.color_primaries = stream.color_trc = stream.colorspace = BT_709
            for number in range(200):
                world = worlds[number // 25 % 4]
                picture = np.roll(world, 23 * number, axis=1)[:, :WIDTH].copy()
                picture[330:, 40:600] = (70, 70, 75)
                picture[336:354, 60 : 60 + 20 * (1 + number // 40)] = (200, 30, 30)
                if camera:
                    left, top, width, height = camera
                    view = room[20 : 20 + height, 20 : 20 + width].copy()
                    x = round((0.4 + 0.1 * np.sin(number / 3)) * width)
                    view[height // 4 :, x - width // 6 : x + width // 6] = (190, 150 + number % 7 * 8, 130)
                    picture[top : top + height, left : left + width] = view
                container.mux(stream.encode(av.VideoFrame.from_ndarray(picture)))
            container.mux(stream.encode(None))
        return probe(folder / name)

    return write


@pytest.mark.parametrize(
    "camera", [(0, 0, 160, 90), (468, 10, 160, 120), (0, 180, 140, 110), (240, 0, 180, 100)], ids=str
)
def test_the_camera_is_found_wherever_it_is(game, camera):
    found = find_facecam(game(f"{camera[0]}_{camera[1]}.mp4", camera))
    assert found is not None
    assert overlap(found, camera) >= 0.9


def test_a_game_without_a_camera_has_none_and_is_shown_whole(game, tmp_path):
    video = game("plain.mp4")
    assert find_facecam(video) is None
    result = export_clip(video, Interval(1, 2), tmp_path / "clip.mp4", QUICK)
    assert result.notes[0].startswith("framing: no camera was found in the picture of plain.mp4")


def test_the_camera_is_above_and_the_game_below(game, tmp_path):
    video = game("shown.mp4", (0, 0, 160, 90))
    made = [export_clip(video, Interval(1, 2), tmp_path / "clip.mp4", QUICK)]
    assert "0,0,160,90" in made[0].notes[0]
    given = QUICK.model_copy(update={"facecam": "0,0,160,90"})
    made.append(export_clip(video, Interval(1, 2), tmp_path / "given.mp4", given))
    assert made[1].notes == ()
    facts = probe(made[0].path).video
    assert (facts.color_primaries, facts.color_transfer, facts.color_space) == ("bt709",) * 3
    pictures = []
    for result in made:
        with av.open(str(result.path)) as container:
            pictures.append(next(container.decode(video=0)).to_ndarray(format="rgb24").astype(int))
    with av.open(str(video.path)) as container:
        source = [frame.to_ndarray(format="rgb24").astype(int) for frame in container.decode(video=0)][10]
    height, width = pictures[0].shape[:2]
    assert (width, height) == (360, 640)
    assert np.abs(pictures[0] - pictures[1]).mean() < 3
    top = round(width * 90 / 160 / 2) * 2
    from_camera = source[:90:9, :160:9]
    assert np.abs(pictures[0][4:top:20, 4::20][:10, :18] - from_camera[:10, :18]).mean() < 25
    middle = source[:, 320 - 10 : 320 + 10].mean(axis=(0, 1))
    assert np.abs(pictures[0][top:, 170:190].mean(axis=(0, 1)) - middle).max() < 12


@pytest.mark.parametrize("facecam", ["0,0,0,10", "600,0,100,90"])
def test_a_rectangle_outside_of_the_picture_is_refused(game, tmp_path, facecam):
    video = game("outside.mp4")
    with pytest.raises(ParameterError, match="lies outside of the picture"):
        export_clip(video, Interval(1, 2), tmp_path / "x.mp4", QUICK.model_copy(update={"facecam": facecam}))


@pytest.mark.parametrize("text", ["1,2,3", "a,b,c,d", "-1,0,5,5", "1;2;3;4"])
def test_what_is_no_rectangle_is_refused(text):
    with pytest.raises(ParameterError, match="give left,top,width,height"):
        ExportSettings.from_flat({"facecam": text})


def test_letterbox_shows_all_of_it_between_bars(game, tmp_path):
    settings = QUICK.model_copy(update={"framing": "letterbox"})
    result = export_clip(game("bars.mp4"), Interval(1, 2), tmp_path / "clip.mp4", settings)
    with av.open(str(result.path)) as container:
        picture = next(container.decode(video=0)).to_ndarray(format="gray")
    rows = picture.mean(axis=1)
    assert picture.shape == (640, 360)
    assert rows[:200].max() < 25
    assert rows[230:410].min() > 30
