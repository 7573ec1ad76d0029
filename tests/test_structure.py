"""Functions stay short, and imports run one way."""

import statistics

from benchmarks.structure import MAX_LINES, MAX_MEDIAN, MAX_P90, ROOT, at, functions, imports_in_circles


def test_functions_are_short():
    found = functions(ROOT)
    lengths = [each.lines for each in found]
    assert len(found) > 2000
    assert statistics.median(lengths) <= MAX_MEDIAN
    assert at(lengths, 0.9) <= MAX_P90
    assert [each for each in found if each.lines > MAX_LINES] == []


def test_no_module_imports_another_in_a_circle():
    assert imports_in_circles() == ()
