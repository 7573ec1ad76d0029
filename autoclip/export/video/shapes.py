"""Shapes: how a picture is cropped or framed to 9:16 or 1:1."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction

from autoclip.export.framing.crop_path import CropPath
from autoclip.export.framing.subject import Split
from autoclip.export.video.canvas import Canvas, even
from autoclip.media.orientation import Size
from autoclip.media.orientation import fitted as fitted_size
from autoclip.settings import Framing, Shape

ASPECTS: dict[Shape, Fraction] = {"vertical": Fraction(9, 16), "square": Fraction(1)}
"""Width over height of the shapes that change the picture."""

_BLUR_SHRINK = 8
"""The background is blurred at an eighth of its size: it looks the same and costs a sixty-fourth."""
_BLUR_SIGMA = 4


def shaped_canvas(width: int, height: int, shape: Shape, framing: Framing) -> Canvas:
    """Return the natural size of a shape: no pixel of the source is enlarged when it is cropped.

    Parameters
    ----------
    width, height : int
        The source as a player shows it.
    shape : str
        ``vertical`` or ``square``.
    framing : str
        Cropped shapes are as large as the source holds; ``blur`` is as wide as the source's shorter side.
    """
    aspect = ASPECTS[shape]
    if framing == "blur":
        wide = min(width, height)
        return Canvas(even(wide), even(round(wide / aspect)), square_pixels=True)
    crop_width, crop_height = crop_size(width, height, aspect)
    return Canvas(even(crop_width), even(crop_height), square_pixels=True)


def crop_size(width: int, height: int, aspect: Fraction) -> tuple[int, int]:
    """Return the largest width and height of an aspect within a picture."""
    if Fraction(width, height) > aspect:
        return round(height * aspect), height
    return width, round(width / aspect)


def shape_filters(
    shown: Size,
    canvas: Canvas,
    framing: Framing,
    path: CropPath | None,
    splits: Sequence[Split] = (),
) -> str:
    """Return the filters that bring a picture into a shape.

    Parameters
    ----------
    shown : Size
        The source as a player shows it.
    canvas : Canvas
        The size to make.
    framing : str
        ``center``, ``motion``, ``subject`` or ``blur``.
    path : CropPath or None
        Where the motion or the subject is, for ``motion`` and ``subject``.
    splits : sequence of Split
        Where two people are shown, one above the other.
    """
    width, height = shown.width, shown.height
    square = f"scale={width}:{height},setsar=1"
    size = f"{canvas.width}:{canvas.height}"
    if framing == "blur":
        small = f"{even(canvas.width // _BLUR_SHRINK)}:{even(canvas.height // _BLUR_SHRINK)}"
        whole = fitted_size(Size(width, height), Size(canvas.width, canvas.height))
        fitted = f"{even(whole.width)}:{even(whole.height)}"
        return (
            f"{square},split[front][back];"
            f"[back]scale={small}:force_original_aspect_ratio=increase,crop={small},gblur=sigma={_BLUR_SIGMA},"
            f"eq=brightness=-0.06,scale={size}:flags=bicubic[blurred];"
            f"[front]scale={fitted}:flags=bicubic[fitted];"
            "[blurred][fitted]overlay=(W-w)/2:(H-h)/2,setsar=1"
        )
    crop_width, crop_height = crop_size(width, height, Fraction(canvas.width, canvas.height))
    crop_width, crop_height = min(crop_width, width), min(crop_height, height)
    x, y = "(iw-ow)/2", "(ih-oh)/2"
    if path is not None and crop_width < width:
        x = path.simplified().expression(crop_width, width)
    elif path is not None:
        y = path.simplified().expression(crop_height, height)
    single = f"crop={crop_width}:{crop_height}:x='{x}':y='{y}',scale={size}:flags=bicubic,setsar=1"
    if not splits:
        return f"{square},{single}"
    return _with_splits(f"{square},", single, shown, canvas, splits)


def _with_splits(ahead: str, single: str, source: Size, canvas: Canvas, splits: Sequence[Split]) -> str:
    """Return the filters that lay two people, one above the other, over the crop for as long as a split lasts."""
    count = len(splits)
    graph = [f"{ahead}split={2 * count + 1}[single]" + "".join(f"[upper{i}][lower{i}]" for i in range(count))]
    graph.append(f"[single]{single}[shown0]")
    upper = even(canvas.height // 2)
    for number, split in enumerate(splits):
        for name, half, high in zip(("upper", "lower"), split.halves, (upper, canvas.height - upper), strict=True):
            crop_height = even(round(split.height_share * source.height))
            crop_width = min(source.width, even(round(crop_height * canvas.width / high)))
            x, y = (
                half.path.simplified().expression(crop_width, source.width),
                round(half.center_y * source.height - crop_height / 2),
            )
            graph.append(
                f"[{name}{number}]crop={crop_width}:{crop_height}:x='{x}':y={y},"
                f"scale={canvas.width}:{high}:flags=bicubic,setsar=1[{name}half{number}]"
            )
        graph.append(f"[upperhalf{number}][lowerhalf{number}]vstack[halves{number}]")
        during = f"gte(t,{split.start_sec:.3f})" + (f"*lt(t,{split.end_sec:.3f})" if split.end_sec < math.inf else "")
        end = f"[shown{number + 1}]" if number + 1 < count else ""
        graph.append(f"[shown{number}][halves{number}]overlay=enable='{during}':format=auto,setsar=1{end}")
    return ";".join(graph)
