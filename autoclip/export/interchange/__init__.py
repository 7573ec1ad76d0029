"""Clips handed over to editing programs, tables and descriptions."""
