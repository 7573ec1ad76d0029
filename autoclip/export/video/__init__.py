"""What becomes of the picture: its size, shape and colors."""
