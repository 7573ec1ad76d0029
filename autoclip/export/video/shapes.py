"""Shapes: how a frame is cropped or fitted to 9:16 or 1:1."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction

from autoclip.export.framing.facecam import Rectangle
from autoclip.export.framing.plan import FramingPlan
from autoclip.export.framing.subject import Split
from autoclip.export.video.canvas import Canvas, even
from autoclip.media.orientation import Size
from autoclip.media.orientation import fitted as fitted_size
from autoclip.settings import Framing, Shape

ASPECTS: dict[Shape, Fraction] = {"vertical": Fraction(9, 16), "square": Fraction(1)}
"""Aspect ratios of the shapes that change the frame."""

_MIN_FACECAM, _MAX_FACECAM = 0.25, 0.45
"""Share of the height for a camera above a game."""
_WHOLE: frozenset[Framing] = frozenset({"blur", "letterbox", "facecam-top"})
"""Framings that scale their content: they are as wide as the source's shorter side."""

_BLUR_SHRINK = 8
"""The background is blurred at an eighth of its size, which looks the same and costs a sixty-fourth."""
_BLUR_SIGMA = 4


def shaped_canvas(width: int, height: int, shape: Shape, framing: Framing) -> Canvas:
    """Return the natural size of a shape: a crop enlarges no pixel of the source.

    Parameters
    ----------
    width, height : int
        Size of the source as a player shows it.
    shape : str
        ``vertical`` or ``square``.
    framing : str
        Crops are as large as the source allows; other framings are as wide as the source's shorter side.
    """
    aspect = ASPECTS[shape]
    if framing in _WHOLE:
        wide = min(width, height)
        return Canvas(even(wide), even(round(wide / aspect)), square_pixels=True)
    crop_width, crop_height = crop_size(width, height, aspect)
    return Canvas(even(crop_width), even(crop_height), square_pixels=True)


def crop_size(width: int, height: int, aspect: Fraction) -> tuple[int, int]:
    """Return the largest width and height of an aspect ratio within a frame."""
    if Fraction(width, height) > aspect:
        return round(height * aspect), height
    return width, round(width / aspect)


def shape_filters(
    shown: Size,
    canvas: Canvas,
    plan: FramingPlan,
) -> str:
    """Return the filters that fit a frame to a shape.

    Parameters
    ----------
    shown : Size
        Size of the source as a player shows it.
    canvas : Canvas
        The target size.
    plan : FramingPlan
        How the shape is filled.
    """
    width, height = shown.width, shown.height
    square = f"scale={width}:{height},setsar=1"
    size = f"{canvas.width}:{canvas.height}"
    if plan.framing == "blur":
        return f"{square},{_over_blur(shown, canvas)}"
    if plan.framing == "letterbox":
        whole = _fitted(shown, canvas)
        return f"{square},scale={whole}:flags=bicubic,pad={size}:(ow-iw)/2:(oh-ih)/2,setsar=1"
    if plan.facecam is not None:
        return f"{square},{_below_facecam(shown, canvas, plan.facecam)}"
    path, splits = plan.path, plan.splits
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


def _fitted(shown: Size, canvas: Canvas) -> str:
    """Return the size, in ffmpeg's syntax, of a frame that is fitted into a canvas."""
    whole = fitted_size(shown, Size(canvas.width, canvas.height))
    return f"{even(whole.width)}:{even(whole.height)}"


def _over_blur(shown: Size, canvas: Canvas) -> str:
    """Return the filters that overlay the whole frame on a blurred one that fills the canvas."""
    size = f"{canvas.width}:{canvas.height}"
    small = f"{even(canvas.width // _BLUR_SHRINK)}:{even(canvas.height // _BLUR_SHRINK)}"
    return (
        "split[front][back];"
        f"[back]scale={small}:force_original_aspect_ratio=increase,crop={small},gblur=sigma={_BLUR_SIGMA},"
        f"eq=brightness=-0.06,scale={size}:flags=bicubic[blurred];"
        f"[front]scale={_fitted(shown, canvas)}:flags=bicubic[fitted];"
        "[blurred][fitted]overlay=(W-w)/2:(H-h)/2:format=auto,setsar=1"
    )


def _below_facecam(shown: Size, canvas: Canvas, facecam: Rectangle) -> str:
    """Return the filters that show a camera across the top, and the center of the game below it.

    The camera keeps its aspect ratio if its height stays between `_MIN_FACECAM` and `_MAX_FACECAM` of the total.
    """
    width, height = round(facecam.width * shown.width), round(facecam.height * shown.height)
    wanted = canvas.width * height / width
    top = even(round(min(max(wanted, _MIN_FACECAM * canvas.height), _MAX_FACECAM * canvas.height)))
    cam_width, cam_height = crop_size(width, height, Fraction(canvas.width, top))
    x = round(facecam.left * shown.width) + (width - cam_width) // 2
    y = round(facecam.top * shown.height) + (height - cam_height) // 2
    game_width, game_height = crop_size(shown.width, shown.height, Fraction(canvas.width, canvas.height - top))
    camera_size, game_size = f"{canvas.width}:{top}", f"{canvas.width}:{canvas.height - top}"
    return (
        "split[camera][game];"
        f"[camera]crop={cam_width}:{cam_height}:{x}:{y}:exact=1,scale={camera_size}:flags=bicubic,setsar=1,"
        f"pad={canvas.width}:{canvas.height}[above];"
        f"[game]crop={game_width}:{game_height},scale={game_size}:flags=bicubic,setsar=1[below];"
        f"[above][below]overlay=y={top}:format=auto"  # unlike vstack it keeps what the frames say of their colors
    )


def _with_splits(ahead: str, single: str, source: Size, canvas: Canvas, splits: Sequence[Split]) -> str:
    """Return the filters that show two people, one above the other, instead of the crop during each split."""
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
