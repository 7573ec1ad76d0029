"""Checks before an export, and before its file gets its name."""
