"""Chat replays: read downloaders' files, count messages on the grid, and compare them with their surroundings."""
