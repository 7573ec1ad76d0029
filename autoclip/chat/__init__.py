"""Chat replays: read from downloaders' files, counted on the grid, and compared with their surroundings."""
