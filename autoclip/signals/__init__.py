"""One room a signal: loudness, motion, shots, black, freeze; frames and samples in, never paths."""
