"""Captions that are burned into the video."""
