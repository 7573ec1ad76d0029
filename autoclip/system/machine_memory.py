"""Facts about this machine that are expensive to find out, kept in small files."""

from __future__ import annotations

import json
import tempfile
from contextlib import suppress
from pathlib import Path


def recall(file: Path) -> dict[str, str]:
    """Read a stored fact; None if the file is not ours."""
    try:
        values = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    if not isinstance(values, dict):
        return {}
    return {key: value for key, value in values.items() if isinstance(value, str)}


def remember(file: Path, key: str, found: str) -> None:
    """Store a fact. If that fails, the next process finds it out again."""
    with suppress(OSError):
        file.parent.mkdir(parents=True, exist_ok=True)
        written = tempfile.NamedTemporaryFile("w", encoding="utf-8", dir=file.parent, delete=False)  # noqa: SIM115
        try:
            with written:
                json.dump({**recall(file), key: found}, written, indent=1)
            Path(written.name).replace(file)
        finally:
            Path(written.name).unlink(missing_ok=True)
