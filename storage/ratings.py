"""Ratings of a talk on disk: ``ratings.json`` beside the transcript. A model is asked once for the same words."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict

from autoclip.speech.ratings import RatedSpan
from storage.json_files import read_json, write_json

RATINGS = "ratings.json"


class StoredRatings(BaseModel):
    """The answer of a model.

    Attributes
    ----------
    key : str
        Key of the sentences, the model and the prompt.
    fingerprint : str
        Fingerprint of the video's content.
    spans : tuple of RatedSpan
        Ordered by time.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: Literal[1] = 1
    key: str
    fingerprint: str
    spans: tuple[RatedSpan, ...] = ()


def read_ratings(folder: Path) -> StoredRatings | None:
    """Read the ratings in `folder`; None if there are none.

    Raises
    ------
    StorageError
        If the file is damaged, or was written by a newer autoclip.
    """
    return read_json(folder / RATINGS, StoredRatings)


def write_ratings(folder: Path, ratings: StoredRatings) -> None:
    """Write ratings, replacing the whole file. Raises `StorageError` if it can't be written."""
    write_json(folder / RATINGS, ratings)
