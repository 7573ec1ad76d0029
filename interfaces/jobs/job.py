"""One job, as it is shown."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Literal

from prefect.client.schemas.objects import Artifact, FlowRun, State, StateType
from pydantic import BaseModel, ConfigDict, Field

from flows.job_types import JobType
from tasks.markdown import unescape_markdown

JobState = Literal["scheduled", "pending", "running", "completed", "failed", "cancelled", "crashed"]

STATES: Mapping[StateType, JobState] = {
    StateType.SCHEDULED: "scheduled",
    StateType.PAUSED: "scheduled",
    StateType.PENDING: "pending",
    StateType.RUNNING: "running",
    StateType.CANCELLING: "running",
    StateType.COMPLETED: "completed",
    StateType.FAILED: "failed",
    StateType.CANCELLED: "cancelled",
    StateType.CRASHED: "crashed",
}
"""Every state of Prefect, and the corresponding state of a job."""

ENDED: frozenset[JobState] = frozenset({"completed", "failed", "cancelled", "crashed"})
MESSAGE_LENGTH = 2000
PREFECTS_WORDS = (
    "Flow run encountered an exception: ",
    "Validation of flow parameters failed with error: ",
    "ParameterError: ",
)
"""Prefixes that Prefect adds to an error's message, which mean nothing to users."""


class JobResult(BaseModel):
    """The results of a job: the number of clips, the exported files, and failures with their reasons."""

    model_config = ConfigDict(frozen=True)

    clips: int | None = None
    exports: int | None = None
    files: tuple[Path, ...] = ()
    failures: tuple[str, ...] = ()


class Job(BaseModel):
    """A job: one run of a flow, recorded by Prefect's server. Times are in UTC."""

    model_config = ConfigDict(frozen=True)

    id: str = Field(description="Id of the flow run.")
    type: JobType
    name: str = Field(description="Name after the project and the video, once it runs.")
    project_id: str | None = Field(description="Id of its project; null while unknown.")
    state: JobState = Field(description="A job that is being cancelled is `running` until it has stopped.")
    progress: float = Field(description="Progress in percent; never decreases, not even in a retry.")
    stage: str = Field(description="Its current activity, or its final message.")
    error: str | None = Field(description="Why it failed or crashed, and what to do.")
    created_at: datetime | None
    started_at: datetime | None
    ended_at: datetime | None
    attempts: int = Field(description="Number of attempts.")
    result: JobResult = JobResult()

    @property
    def ended(self) -> bool:
        """Whether it is in a final state."""
        return self.state in ENDED


def job_of(run: FlowRun, job_type: JobType, report: Artifact | None, files: tuple[Path, ...] = ()) -> Job:
    """Describe a flow run.

    Parameters
    ----------
    run : FlowRun
        The flow run.
    job_type : str
        Name of its flow.
    report : Artifact, optional
        Its progress artifact.
    files : tuple of Path
        The exported files.
    """
    state: JobState = STATES[run.state.type] if run.state else "scheduled"
    return Job(
        id=str(run.id),
        type=job_type,
        name=run.name,
        project_id=project_of(run),
        state=state,
        progress=_percent(state, report),
        stage=_stage(run.state, state, report),
        error=_error(run, state),
        created_at=run.created,
        started_at=run.start_time,
        ended_at=run.end_time if state in ENDED else None,
        attempts=run.run_count or 0,
        result=JobResult(
            clips=_count(run.labels.get("autoclip.clips")),
            exports=_count(run.labels.get("autoclip.exports")),
            files=files,
            failures=tuple(str(run.labels.get("autoclip.failures") or "").splitlines()),
        ),
    )


def project_of(run: FlowRun) -> str | None:
    """Return the project of a run, from its tag or its parameters."""
    tagged = next((tag.removeprefix("project:") for tag in run.tags if tag.startswith("project:")), None)
    given = run.parameters.get("project_id")
    return tagged or (given if isinstance(given, str) else None)


def _percent(state: JobState, report: Artifact | None) -> float:
    if state == "completed":
        return 100.0
    return float(report.data) if report is not None and isinstance(report.data, int | float) else 0.0


def _stage(prefect_state: State[object] | None, state: JobState, report: Artifact | None) -> str:
    if prefect_state is not None and prefect_state.type is StateType.CANCELLING:
        return "stopping"
    if state == "running" and report is not None and report.description:
        return unescape_markdown(report.description)
    message = (prefect_state.message if prefect_state else None) or ""
    return message.splitlines()[0][:MESSAGE_LENGTH] if message and state == "completed" else state


def _error(run: FlowRun, state: JobState) -> str | None:
    if state not in {"failed", "crashed"}:
        return None
    message = (run.state.message if run.state else None) or "it ended without a reason"
    for words in PREFECTS_WORDS:
        message = message.removeprefix(words)
    message = message[:MESSAGE_LENGTH].strip()
    if state == "crashed":
        message = f"{message.rstrip('.')}; 'autoclip retry {run.id}' continues after the last finished stage"
    return message


def _count(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None
