"""Compound clips: several cuts in one file."""
