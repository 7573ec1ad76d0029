"""The first name of a run, from its parameters, so that a run that fails immediately can be found, too."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePath
from typing import Any

from flows.job_types import JobType

NAME_LENGTH = 200

_VERBS: Mapping[JobType, str] = {
    "download": "download",
    "analyze": "analyze",
    "export": "export",
    "export-batch": "export",
    "proxy": "proxy of",
    "process-video": "process",
    "process-folder": "process folder",
    "maintenance": "maintenance",
}


def job_name(job_type: JobType, parameters: Mapping[str, Any]) -> str:
    """Return the first name of a run.

    Parameters
    ----------
    job_type : str
        The flow's name.
    parameters : mapping
        The run's parameters, validated or not.
    """
    return f"{_VERBS[job_type]} {_subject(parameters)}".strip()[:NAME_LENGTH]


def _subject(parameters: Mapping[str, Any]) -> str:
    """Return the subject of a run: a given name, a file, folder or address, or else the project."""
    for key in ("name", "source", "url", "folder", "project_id"):
        value = parameters.get(key)
        if isinstance(value, str) and value.strip():
            is_path = key in {"source", "folder"} and "://" not in value
            return PurePath(value).name or value if is_path else value.strip()
    return ""
