"""Write an image file so that its name never refers to an incomplete one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PIL import Image

from autoclip.errors import ExportError, from_system
from autoclip.export.names import publish
from autoclip.export.render_context import temporary_path
from autoclip.output_files import require_replaceable


def write_image(
    picture: Image.Image,
    target: Path,
    *,
    overwrite: bool = True,
    **options: Any,  # noqa: ANN401 - as Pillow
) -> Path:
    """Write an image; return its path, which is another one if the name is taken and not to be overwritten.

    `options` are those of Pillow's writer.

    Raises
    ------
    ExportError
        If the file can't be written.
    """
    if overwrite:
        require_replaceable(target)
    with temporary_path(target.parent) as part:
        try:
            picture.save(part, **options)
        except OSError as error:
            raise ExportError(str(from_system(error, target))) from error
        return publish(part, target, overwrite=overwrite)
