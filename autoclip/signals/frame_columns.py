"""Columns that hold one row per frame, and grow and shrink together while frames arrive."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Self

import numpy as np


@dataclass(frozen=True, slots=True)
class FrameColumns:
    """Base of dataclasses whose fields are arrays with one row per frame."""

    def followed_by(self, other: Self) -> Self:
        """Return these frames followed by others."""
        pairs = ((getattr(self, column.name), getattr(other, column.name)) for column in fields(self))
        return type(self)(*(np.concatenate(pair) for pair in pairs))

    def since(self, first: int) -> Self:
        """Return a copy of the frames from an index on."""
        return type(self)(*(getattr(self, column.name)[first:].copy() for column in fields(self)))
