"""Select clips from features: anchors, boundaries, windows and filters. Read `pipeline` first."""
