"""The types of jobs; each is a flow and a deployment with the same name."""

from __future__ import annotations

from typing import Literal, get_args

JobType = Literal[
    "download", "analyze", "export", "export-batch", "proxy", "process-video", "process-folder", "maintenance"
]
JOB_TYPES: tuple[JobType, ...] = get_args(JobType)
