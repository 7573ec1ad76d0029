"""Jobs for people and programs: submit, read, cancel, retry; each is a Prefect flow run."""

from interfaces.jobs.job import Job, JobResult, JobState
from interfaces.jobs.request_key import RequestKey
from interfaces.jobs.tracker import Jobs

__all__ = ["Job", "JobResult", "JobState", "Jobs", "RequestKey"]
