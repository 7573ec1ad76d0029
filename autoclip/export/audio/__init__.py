"""The audio of an export: track selection, copying, loudness."""
