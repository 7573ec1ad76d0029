"""Measurements, one room each, that write docs/benchmarks.md."""
