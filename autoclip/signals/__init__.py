"""One module per signal: loudness, motion, shots, black, freeze. Signals take frames and samples, never paths."""
