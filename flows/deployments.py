"""The flows that can be started from Prefect's page, its API, a schedule and our interfaces, and how each is run.

``autoclip up`` creates these deployments; prefect.yaml defines the same for ``prefect deploy --all``.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import Literal

from prefect import Flow

from flows.job_types import JobType

QueueName = Literal["videos", "folders", "entries"]
QUEUES: tuple[QueueName, ...] = ("videos", "folders", "entries")
"""Work queues.

A run that waits for others must not take the slots they need: folders, whose videos run in ``videos``, have their own
queue, and so have the entries of playlists, for which runs in ``videos`` wait.
"""


@dataclass(frozen=True, slots=True)
class JobDeployment:
    """One deployment.

    Attributes
    ----------
    job_type : str
        Name of the flow and of the deployment.
    entrypoint : str
        Module path of the flow, without a colon, so that Prefect copies no files and does not change ``sys.path``.
    queue : str
        Work queue of its runs.
    cron : str
        Its schedule, in the server's time zone (UTC); empty for none.
    active : bool
        Whether the schedule is active from the start.
    """

    job_type: JobType
    entrypoint: str
    queue: QueueName = "videos"
    cron: str = ""
    active: bool = False

    @property
    def flow(self) -> Flow[..., object]:
        """Return the flow."""
        module, name = self.entrypoint.rsplit(".", 1)
        found = getattr(import_module(module), name)
        if not isinstance(found, Flow):
            raise TypeError(f"{self.entrypoint} is not a flow")
        return found


_PACKAGE = __name__.rpartition(".")[0]  # ``flows`` in the repository, ``autoclip.flows`` when installed

DEPLOYMENTS: tuple[JobDeployment, ...] = (
    JobDeployment("process-video", f"{_PACKAGE}.process_video.process_video"),
    JobDeployment("process-folder", f"{_PACKAGE}.process_folder.process_folder", "folders", cron="0 2 * * *"),
    JobDeployment("download", f"{_PACKAGE}.download.download"),
    JobDeployment("analyze", f"{_PACKAGE}.analyze.analyze"),
    JobDeployment("export", f"{_PACKAGE}.export.export"),
    JobDeployment("export-batch", f"{_PACKAGE}.export.export_batch"),
    JobDeployment("proxy", f"{_PACKAGE}.proxy.proxy"),
    JobDeployment("maintenance", f"{_PACKAGE}.maintenance.maintenance", "folders", cron="30 4 * * *", active=True),
)
