"""Foreign text in Markdown is shown as it is: read back from the HTML that a CommonMark renderer makes of it."""

from __future__ import annotations

import html
import re
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis.strategies import text
from markdown_it import MarkdownIt

from tasks.markdown import escape_markdown, unescape_markdown

RENDERER = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
"""HTML passes, as in Prefect's page, so that what was not escaped is seen."""

HOSTILE = [
    "a`b<img src=x onerror=alert(1)>`.mp4",
    "``` <script>alert(1)</script> ```",
    "[click](javascript:alert(1))",
    "![x](https://evil.example/pixel.png)",
    "javascript:alert(1)",
    "https://evil.example/a www.evil.example x@evil.example",
    "<https://evil.example>",
    "a | b | c",
    "# heading\n---\n* list\n1. one\n+ two\n- three",
    "1. one",
    "- item",
    "+ item",
    "===",
    "&lt;b&gt; &amp;#58;",
    "~~gone~~ **bold** __bold__ $x$",
    "\\`\\|",
    "[a]: javascript:alert(1)",
    "line\u2028break\x00\x1b[31m",
]


def shown(markdown: str) -> str:
    """What a reader of the page sees, and nothing but text."""
    page = RENDERER.render(markdown)
    assert re.fullmatch(r"(<p>)?[^<>]*(</p>\n)?", page), page
    return html.unescape(page.removeprefix("<p>").removesuffix("</p>\n"))


def one_line(given: str) -> str:
    return "".join(c for c in " ".join(given.split()) if unicodedata.category(c) not in {"Cc", "Cs"})


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_is_shown_as_it_is(name: str) -> None:
    assert shown(escape_markdown(name)) == one_line(name)


@pytest.mark.parametrize("name", HOSTILE)
def test_a_cell_of_a_table_holds_it_whole(name: str) -> None:
    page = RENDERER.render(f"| a | b |\n|---|---|\n| {escape_markdown(name)} | end |\n")
    cells = re.findall(r"<td>(.*?)</td>", page)
    assert [html.unescape(cell) for cell in cells] == [one_line(name), "end"]
    assert not re.search("<(?!/?(table|thead|tbody|tr|th|td)>)", page)


@pytest.mark.parametrize("name", HOSTILE)
def test_no_link_is_made_of_it(name: str) -> None:
    """GFM's extended autolinks (section 6.9) begin with www., a scheme, or a name and @."""
    escaped = escape_markdown(name)
    assert "href" not in RENDERER.render(escaped)
    assert not re.search(r"(?i)www\.|(https?|ftp|mailto|xmpp|javascript):|\w@\w", escaped)


@given(text(max_size=60))
@example("\\&amp;#58;")
def test_any_text_is_shown_and_read_back_as_it_is(given_text: str) -> None:
    line = one_line(given_text)
    assert unescape_markdown(escape_markdown(given_text)) == line
    assert shown(escape_markdown(given_text)).strip() == line.strip()
