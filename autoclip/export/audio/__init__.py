"""What becomes of the sound: its tracks, its copying, its loudness."""
