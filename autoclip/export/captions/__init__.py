"""Captions that are burned into the picture."""
