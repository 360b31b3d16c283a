"""HTML to text as a reader would see it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.html import plain, text_of, titled


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        (None, ""),
        ("plain", "plain"),
        ("<p>one</p><p>two</p>", "one\ntwo"),
        ("one<br>two<br/>three", "one\ntwo\nthree"),
        ("la<b>te</b> again", "late again"),
        ("<ul><li>a</li><li>b</li></ul>", "a\nb"),
        ("fish &amp; chips &lt;b&gt; &#8220;hot&#8221;", "fish & chips <b> “hot”"),
        ("<p>&amp;lt;3</p>", "&lt;3"),
        ("<p>mine</p><blockquote>theirs</blockquote>", "mine"),
        ("<aside class='quote no-group'>theirs</aside><p>mine</p>", "mine"),
        ("a<script>alert(1)</script>b<style>p{}</style>", "ab"),
        ("<p><a>@<span>you</span></a> <a>#<span>late</span></a></p>", "@you #late"),
        ("<a><span class='invisible'>https://</span><span>x.example/a</span><span class='invisible'>/b</span></a>",
         "https://x.example/a/b"),
        ("unclosed <b>bold <i>both", "unclosed bold both"),
        ("<p>  many   spaces\u00a0here </p>\n\n\n<p>x</p>", "many spaces here\nx"),
    ],
)  # fmt: skip
def test_markup_reads_as_a_browser_shows_it(markup: str | None, text: str) -> None:
    assert text_of(markup) == text


def test_a_lone_less_than_sign_is_text() -> None:
    assert plain("5 < 6 and 7 > 3") == "5 < 6 and 7 > 3"
    assert plain("AT&T") == "AT&T"


def test_a_title_is_not_said_twice() -> None:
    assert titled("Late again", "Late again. And no refund.") == "Late again. And no refund."
    assert titled("Late aga…", "Late again") == "Late again"
    assert titled("Title", "Body") == "Title\nBody"
    assert titled("Title", "") == "Title"
    assert titled(None, "Body") == "Body"


@given(st.text(max_size=300))
def test_no_text_breaks_the_reader(markup: str) -> None:
    assert "<script" not in text_of(f"<p>{markup}</p><script>x</script>").replace(markup, "")
