"""What was found out about this machine, kept in small files."""

from __future__ import annotations

import json
import tempfile
from contextlib import suppress
from pathlib import Path


def recall(file: Path) -> dict[str, str]:
    """Read what was found before; nothing where the file is not ours."""
    try:
        values = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    if not isinstance(values, dict):
        return {}
    return {key: value for key, value in values.items() if isinstance(value, str)}


def remember(file: Path, key: str, found: str) -> None:
    """Write a finding down; where that can't be done, the next process finds it out again."""
    with suppress(OSError):
        file.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", encoding="utf-8", dir=file.parent, delete=False) as written:
            json.dump({**recall(file), key: found}, written, indent=1)
        Path(written.name).replace(file)
