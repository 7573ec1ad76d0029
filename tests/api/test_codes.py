"""The page of the API explains every code of an error."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

from interfaces.outcomes import OUTCOMES

ROOT = Path(__file__).parents[2]


def codes_of(path: Path) -> Iterator[str]:
    """Yield the texts that follow an HTTP status, in a call or on their own."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        values = node.args if isinstance(node, ast.Call) else node.elts if isinstance(node, ast.Tuple) else []
        for status, code in pairwise(value.value if isinstance(value, ast.Constant) else None for value in values):
            if isinstance(status, int) and 400 <= status < 600 and isinstance(code, str):
                yield code


def test_every_code_of_an_error_is_in_the_page() -> None:
    page = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
    explained = set(re.findall(r"`([a-z-]+)`", "\n".join(row for row in page.splitlines() if row.startswith("| `"))))
    sources = (ROOT / "interfaces" / "api").rglob("*.py")
    used = {code for path in sources for code in codes_of(path)} | {outcome.code for outcome in OUTCOMES}
    assert {"no-file", "wrong-host", "outside-roots", "private-address"} <= used
    assert used - explained == set()
