"""A contact sheet: the thumbnails of every clip of a project on one page."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from autoclip.clips import Clip
from autoclip.durations import clock
from autoclip.errors import ExportError, ParameterError, system_reason
from autoclip.export.previews.image_file import write_image

TILE_WIDTH, TILE_HEIGHT = 320, 180
"""Size of a thumbnail in pixels, from the user's description."""
_CAPTION_HEIGHT = 40
_MARGIN = 12
_PAPER, _INK, _FAINT = (250, 250, 248), (25, 25, 30), (110, 110, 118)
_MAX_LETTERS = 40
_FONTS = ("NotoSansCJK-Regular.ttc", "Arial Unicode.ttf", "DejaVuSans.ttf", "NotoSans-Regular.ttf", "arial.ttf")
"""Fonts of common systems, the widest repertoires first. Pillow's own font, used if there is none, has only ASCII."""


@dataclass(frozen=True, slots=True)
class Tile:
    """A clip and its thumbnail; None without one."""

    clip: Clip
    thumbnail: Path | None


def make_contact_sheet(tiles: Sequence[Tile], target: Path, *, columns: int = 4, title: str = "") -> Path:
    """Write a JPEG with a thumbnail, the name and the times of each clip, in the order given.

    Parameters
    ----------
    tiles : sequence of Tile
        The clips, at least one.
    target : Path
        The file to write; an existing one is replaced.
    columns : int
        Thumbnails per row.
    title : str
        A line above the thumbnails.

    Returns
    -------
    Path
        `target`.

    Raises
    ------
    ParameterError
        If there is no clip.
    ExportError
        If a thumbnail can't be read or the sheet can't be written.
    """
    if not tiles:
        raise ParameterError("a contact sheet needs at least one clip")
    columns = min(columns, len(tiles))
    rows = -(-len(tiles) // columns)
    head = _MARGIN + (_CAPTION_HEIGHT if title else 0)
    width = _MARGIN + columns * (TILE_WIDTH + _MARGIN)
    sheet = Image.new("RGB", (width, head + rows * (TILE_HEIGHT + _CAPTION_HEIGHT + _MARGIN)), _PAPER)
    pen = ImageDraw.Draw(sheet)
    if title:
        _write(pen, (_MARGIN, _MARGIN), title, 20, _INK)
    for number, tile in enumerate(tiles):
        row, column = divmod(number, columns)
        left = _MARGIN + column * (TILE_WIDTH + _MARGIN)
        top = head + row * (TILE_HEIGHT + _CAPTION_HEIGHT + _MARGIN)
        sheet.paste(_picture(tile), (left, top))
        _caption(pen, number + 1, tile.clip, left, top + TILE_HEIGHT + 4)
    return write_image(sheet, target, format="JPEG", quality=88)


def _picture(tile: Tile) -> Image.Image:
    """Return the thumbnail at a tile's size, padded; a uniform gray without one."""
    frame = Image.new("RGB", (TILE_WIDTH, TILE_HEIGHT), (60, 60, 64))
    if tile.thumbnail is None:
        return frame
    try:
        with Image.open(tile.thumbnail) as picture:
            picture.thumbnail((TILE_WIDTH, TILE_HEIGHT))
            frame.paste(picture, ((TILE_WIDTH - picture.width) // 2, (TILE_HEIGHT - picture.height) // 2))
    except OSError as error:
        raise ExportError(
            f"thumbnail {tile.thumbnail} can't be read: {system_reason(error)}; make the thumbnails again"
        ) from error
    return frame


def _caption(pen: ImageDraw.ImageDraw, number: int, clip: Clip, left: int, top: int) -> None:
    name = " ".join(clip.name.split())
    name = name if len(name) <= _MAX_LETTERS else name[: _MAX_LETTERS - 3] + "..."
    _write(pen, (left, top), f"{number}  {name}", 14, _INK)
    span = " - ".join(clock(int(edge), hours=True) for edge in (clip.start, clip.end))
    times = f"{span}  ({clip.duration:.1f} s)  {clip.quality_score:.2f}"
    _write(pen, (left, top + 18), times, 12, _FAINT)


def _write(pen: ImageDraw.ImageDraw, place: tuple[int, int], text: str, size: int, ink: tuple[int, int, int]) -> None:
    """Draw a line in the font with the widest repertoire; without one, in letters without accents."""
    for name in _FONTS:
        try:
            pen.text(place, text, fill=ink, font=ImageFont.truetype(name, size))
        except OSError:
            continue
        return
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    pen.text(place, plain, fill=ink, font=ImageFont.load_default(size))
