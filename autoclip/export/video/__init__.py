"""The video of an export: its size, shape and colors."""
