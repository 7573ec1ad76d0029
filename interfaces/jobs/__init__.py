"""Jobs as people and programs meet them: submitted, read, cancelled, retried; all of it Prefect's flow runs."""

from interfaces.jobs.job import Job, JobResult, JobState
from interfaces.jobs.request_key import RequestKey
from interfaces.jobs.tracker import Jobs

__all__ = ["Job", "JobResult", "JobState", "Jobs", "RequestKey"]
