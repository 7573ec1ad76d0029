"""What the log of a run says about the windows that were dropped."""

from autoclip.selection.filters import FilterStage, Verdict
from tasks.select_clips import dropped_by_filter


def test_the_log_tells_which_filter_dropped_how_many() -> None:
    def verdict(stage: FilterStage, *, kept: bool = False) -> Verdict:
        return Verdict(stage=stage, clip_index=0, kept=kept, reason="", value=0.9, limit=0.35)

    kept = verdict("cutoff", kept=True)
    assert dropped_by_filter([verdict("overlap"), verdict("overlap"), verdict("boring"), kept]) == "2 overlap, 1 boring"
    assert dropped_by_filter([kept]) == "none"
