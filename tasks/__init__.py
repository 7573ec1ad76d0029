"""Prefect tasks: one stage each, with its key, retries and progress."""
