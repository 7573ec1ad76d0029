"""The look of burned-in captions, as data, and their position in the frame."""

from __future__ import annotations

from dataclasses import dataclass

from autoclip.export.platforms import SafeArea, platform_of
from autoclip.export.video.canvas import Canvas
from autoclip.media.video import Video
from autoclip.settings import CaptionStyleName, ExportSettings
from autoclip.speech.captions import CaptionLimits

Rgb = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class CaptionStyle:
    """The look of captions.

    Attributes
    ----------
    text, edge : tuple of int
        Colors of the letters and of their outline, 0 to 255.
    edge_share : float
        Width of the outline, as a share of the size of the letters.
    box_opacity : float
        Opacity of a black box behind the text, from 0 (none) to 1.
    spoken : tuple of int or None
        Color of the word that is being spoken; None for the same color as the others.
    bold : bool
        Whether the letters are bold.
    """

    text: Rgb = (255, 255, 255)
    edge: Rgb = (0, 0, 0)
    edge_share: float = 0.055
    box_opacity: float = 0.0
    spoken: Rgb | None = None
    bold: bool = False


STYLES: dict[CaptionStyleName, CaptionStyle] = {
    "plain": CaptionStyle(),
    "boxed": CaptionStyle(edge_share=0.0, box_opacity=0.75),
    "karaoke": CaptionStyle(edge_share=0.075, spoken=(255, 214, 10), bold=True),
}

TITLE_SAFE = SafeArea(left=0.05, top=0.05, right=0.05, bottom=0.05)
"""Area visible on screens of any kind: the graphics safe area of EBU R 95, 5 % on every side."""
_UPRIGHT = SafeArea(left=0.06, top=0.14, right=0.06, bottom=0.2)
"""Vertical videos without a platform: players overlay a title and buttons on the lower fifth."""

_SIZE_OF_LANDSCAPE, _SIZE_OF_SQUARE, _SIZE_OF_UPRIGHT = 0.06, 0.062, 0.08
"""Height of a line as a share of the frame's shorter side.

In landscape, 42 letters fill most of the safe width, as in broadcasting. On a phone held upright, where lines are
short, letters are larger and lines hold fewer of them.
"""
_WHITE_LEVEL = {"smpte2084": 0.58, "arib-std-b67": 0.75}
"""Level of graphics white in PQ and HLG (ITU-R BT.2408, table 1); full white would be too bright."""


@dataclass(frozen=True, slots=True)
class CaptionFrame:
    """The frame that captions are drawn on; all sizes in displayed pixels.

    Attributes
    ----------
    width, height : int
        Size of the frame.
    line_height : int
        Size of the letters.
    safe : SafeArea
        Shares of the frame that captions avoid.
    white_level : float
        Level of white, from 0 to 1.
    """

    width: int
    height: int
    line_height: int
    safe: SafeArea
    white_level: float = 1.0

    @property
    def line_width(self) -> float:
        """Return the width of the safe area, in line heights."""
        return self.width * (1 - self.safe.left - self.safe.right) / self.line_height

    def limits(self, letter_width: float) -> CaptionLimits:
        """Return the limits of a line: 42 characters, or as many of a mean width in line heights as fit."""
        return CaptionLimits(chars_per_line=max(8, min(42, int(self.line_width / letter_width))))


def caption_frame(video: Video, canvas: Canvas, settings: ExportSettings) -> CaptionFrame:
    """Return the frame that captions of an export are drawn on."""
    width, height = canvas.width, canvas.height
    if not canvas.square_pixels:
        width = max(2, round(height * video.video.display_width / video.video.display_height))
    share = _SIZE_OF_SQUARE if width == height else _SIZE_OF_LANDSCAPE if width > height else _SIZE_OF_UPRIGHT
    platform = platform_of(settings.platform)
    usual = TITLE_SAFE if width >= height else _UPRIGHT
    return CaptionFrame(
        width=width,
        height=height,
        line_height=max(8, round(share * min(width, height))),
        safe=platform.safe_area if platform is not None and width < height else usual,
        white_level=_WHITE_LEVEL.get(video.video.color_transfer, 1.0) if settings.dynamic_range == "keep" else 1.0,
    )
