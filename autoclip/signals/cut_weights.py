"""Weights of the cues of cuts: see `autoclip.signals.shots.cut_cues`.

Written by ``python -m benchmarks.cut_weights FOLDER... --write``; docs/benchmarks.md says on what.
"""

CUE_WEIGHTS = (1.878, -1.687, 0.918, 0.949, -1.004, 0.821, 0.890, 3.391, -1.259, 5.515, -2.062)
CUE_INTERCEPT = 4.112
RIVAL_WEIGHTS = (1.117, -1.104, 1.013)
RIVAL_INTERCEPT = 0.832
THRESHOLD_LOGIT = -1.00
"""Where films and games do best together, their sources left out."""
