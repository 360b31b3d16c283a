"""One answer of a site: what is said of a body that is not what was asked for."""

from __future__ import annotations

from contextlib import suppress

import pytest

from collector.answer import describe, read_json
from collector.errors import PayloadChanged
from tests.collector.growing import filled, growth


@pytest.mark.parametrize(
    ("page", "named"),
    [
        ("<html><title>\n Just a\n moment </title>", "an HTML page titled 'Just a moment'"),
        ('<TITLE lang="en">Bad &amp; worse</TITLE>', "an HTML page titled 'Bad & worse'"),
        ("<title>" + "x" * 5_000, f"an HTML page titled {'x' * 100!r}"),
        ("<html>" + " " * 30_000 + "<title>late</title>", "an HTML page"),
        ("<title></title>", "an HTML page"),
        ("<?xml version='1.0'?><a/>", "an XML document"),
    ],
)
def test_a_page_is_named_by_its_title(page: str, named: str) -> None:
    with pytest.raises(PayloadChanged, match="where JSON was expected") as caught:
        read_json(page.encode(), "text/html", "x.example")
    assert str(caught.value) == f"x.example sent {named} where JSON was expected."
    assert describe(page.encode(), "text/html") == named


@pytest.mark.parametrize("part", ["<title>", "<title", "<title>a", "<title >", "< ", '"', "[", "\xe9"])
def test_the_time_to_refuse_an_answer_grows_with_its_length(part: str) -> None:
    def refuse(length: int) -> None:
        with suppress(Exception):
            read_json(b"<" * ("<" in part) + filled(part, length).encode("latin-1"), "application/json", "x.example")

    assert growth(refuse) < 8
