"""A run's number never falls and ends at 100, whatever the stages say."""

from hypothesis import given
from hypothesis import strategies as st

from autoclip.progress import Progress
from tasks.progress_reporter import percent_done

PLAN = {"extract": 80.0, "select": 5.0, "thumbnails": 15.0}


def test_stages_count_by_their_share() -> None:
    assert percent_done(PLAN, Progress("extract", 0.5)) == 40
    assert percent_done(PLAN, Progress("select", 0.0)) == 80
    assert percent_done(PLAN, Progress("thumbnails", 1.0)) == 100
    assert percent_done(PLAN, Progress("unheard of", 1.0)) == 0


@given(st.lists(st.tuples(st.sampled_from(list(PLAN)), st.floats(0, 1)), min_size=2))
def test_order_of_stages_is_order_of_numbers(reports: list[tuple[str, float]]) -> None:
    stages = list(PLAN)
    ordered = sorted(reports, key=lambda report: (stages.index(report[0]), report[1]))
    numbers = [percent_done(PLAN, Progress(stage, fraction)) for stage, fraction in ordered]
    assert numbers == sorted(numbers)
    assert all(0 <= number <= 100 for number in numbers)
