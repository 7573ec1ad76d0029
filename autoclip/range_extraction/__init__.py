"""Extraction of one long video in ranges that are measured apart, on other cores or machines, and then merged."""
