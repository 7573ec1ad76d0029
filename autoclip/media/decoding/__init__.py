"""Decode a file in one pass: its packets become reduced frames and audio samples, in file order."""
