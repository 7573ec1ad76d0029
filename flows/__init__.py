"""Prefect flows: what people trigger, schedule and watch."""
