"""HTML to text as a reader would see it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.html import plain, text_of, titled
from tests.collector.growing import filled, growth


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
        ("<p class='quote-inline'>RE: <a href='https://a.example/1'>a.example/1</a></p><p>mine</p>", "mine"),
        ("<div class='lightbox-wrapper'><a class='lightbox'><div class='meta'>1.47 MB</div></a></div>gate", "gate"),
        ("late <img class='emoji' alt=':rage:'> and <img class='emoji only-emoji' alt='+1'>", "late :rage: and :+1:"),
        ("lost <img src='1.svg' class='wp-smiley' alt='😡'> again", "lost 😡 again"),
        ("see <img src='1.jpg' alt='the gate'> this", "see this"),
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


@pytest.mark.parametrize(
    "text",
    [
        "Waiting time <half an hour they said, it was >3 hours",
        "a seat <a hand wide they said, it was> 40 cm",
        "Anna <anna@mail.example> answered",
        "we waited <3 hours and > 2 trains",
    ],
)
def test_words_between_angle_brackets_are_kept(text: str) -> None:
    assert plain(text) == text
    assert plain(text.replace("they", "&amp;")) == text.replace("they", "&")


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("late<br>again", "late\nagain"),
        ("late<BR />again", "late\nagain"),
        ('see <a class=x href="https://x.example">this</a>', "see this"),
        ("<img src='x.png'>late", "late"),
        ("late<o:p></o:p>", "late"),
        ("late<!-- wp:paragraph -->", "late"),
    ],
)
def test_tags_of_html_are_read_as_such(text: str, read: str) -> None:
    assert plain(text) == read


def test_markup_of_too_many_tags_keeps_its_words() -> None:
    many = "<style>p {}</style>" + "<div><b>la</b>te &amp; rude</div>" * 1_000
    assert text_of(many) == "\n".join(["late & rude"] * 1_000)


@pytest.mark.parametrize("part", ["<a", "<a =", "<div>", "</", "<!--", "&#", "<script>", "<p><b id=x>x", "\n ", "<br"])
def test_the_time_to_read_markup_grows_with_its_length(part: str) -> None:
    for read in (plain, text_of):
        assert growth(lambda length, read=read: read(filled(part, length))) < 8


def test_a_title_is_not_said_twice() -> None:
    assert titled("Late again", "Late again. And no refund.") == "Late again. And no refund."
    assert titled("Late aga…", "Late again") == "Late again"
    assert titled("Title", "Body") == "Title\nBody"
    assert titled("Title", "") == "Title"
    assert titled(None, "Body") == "Body"


@given(st.text(max_size=300))
def test_no_text_breaks_the_reader(markup: str) -> None:
    assert "<script" not in text_of(f"<p>{markup}</p><script>x</script>").replace(markup, "")
