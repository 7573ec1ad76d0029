"""What the log of a run says about the windows that were dropped."""

from autoclip.selection.filters import Verdict
from tasks.select_clips import dropped_by_filter


def test_the_log_tells_which_filter_dropped_how_many() -> None:
    lost = [Verdict("overlap", 0, False, "", 0.9, 0.35, 1), Verdict("overlap", 2, False, "", 0.8, 0.35, 1)]
    boring, kept = Verdict("boring", 3, False, "", 0.8, 0.7), Verdict("cutoff", 1, True, "", 1.0, 5.0)
    assert dropped_by_filter([*lost, boring, kept]) == "2 overlap, 1 boring"
    assert dropped_by_filter([kept]) == "none"
