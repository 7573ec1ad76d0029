"""From features to clips: anchors, boundaries, windows and filters. Read `pipeline` first."""
