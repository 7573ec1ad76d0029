"""Benchmarks, one module each, that write docs/benchmarks.md."""
