"""Escape names and other untrusted text in Markdown, which Prefect's page renders."""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterable, Mapping

_ESCAPED = str.maketrans(
    {mark: f"\\{mark}" for mark in r"\`*_{}[]|~#!$"} | {"&": "&amp;", "<": "&lt;", ">": "&gt;", "@": "&#64;"}
)
"""CommonMark 0.31, section 2.4: a backslash before ASCII punctuation makes it literal, also in table cells (GFM 4.10).

HTML is written as entities (section 2.5), and so is the ``@`` of an address, which GFM would turn into a link.
"""

_AUTOLINK = re.compile(r"(?i)\b(www)\.|([a-z][a-z0-9+.-]*):")
"""What GFM's autolinks (section 6.9), or a renderer that accepts any scheme, would turn into a link."""


def escape_markdown(text: object) -> str:
    """Return `text` on one line, escaped so that a Markdown page shows it literally.

    Parameters
    ----------
    text : object
        A name, path, title or message; may contain backticks, pipes, HTML, links, line breaks, anything.

    Returns
    -------
    str
        Markdown without active markup, links, HTML or code spans, for a paragraph, heading or table cell.
    """
    shown = "".join(c for c in " ".join(str(text).split()) if unicodedata.category(c) not in {"Cc", "Cs"})
    linkless = _AUTOLINK.sub(_without_link, shown.translate(_ESCAPED))
    return re.sub(r"^([-+=]|\d+[.)])", _literal_start, linkless)


def escape_rows(rows: Iterable[Mapping[str, object]]) -> list[dict[str, str]]:
    """Return the rows of a table artifact, whose cells Prefect's page renders as Markdown, with their texts escaped."""
    return [{column: escape_markdown(cell) for column, cell in row.items()} for row in rows]


def unescape_markdown(markdown: str) -> str:
    """Return the text that `escape_markdown` was given, on one line."""
    return html.unescape(re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", markdown))


def _without_link(found: re.Match[str]) -> str:
    """Write the dot of ``www.`` and the colon of a scheme as entities."""
    return f"{found[1]}&#46;" if found[1] else f"{found[2]}&#58;"


def _literal_start(found: re.Match[str]) -> str:
    """Keep the start of a line from being parsed as a list or a heading."""
    return f"{found[0][:-1]}\\{found[0][-1]}"
