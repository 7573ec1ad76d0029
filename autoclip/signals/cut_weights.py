"""Weights of the cues of cuts: see `autoclip.signals.shots.cut_cues`.

Written by ``python -m benchmarks.cut_weights FOLDER... --write``; docs/benchmarks.md says on what.
"""

CUE_WEIGHTS = (3.243, -1.324, 0.631, -2.481, 1.808, 0.516, -1.306, 1.535, 3.733, 1.966, -1.525, 15.313, -2.264)
CUE_INTERCEPT = 36.351
THRESHOLD_LOGIT = -1.00
"""Where films and games do best together, their sources left out."""
