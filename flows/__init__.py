"""Prefect flows, which people start, schedule and watch."""
