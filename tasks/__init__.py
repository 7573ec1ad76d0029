"""Prefect tasks: a stage each, with its key, retries and progress."""
