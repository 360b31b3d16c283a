"""One answer of a site: what is said of a body that is not what was asked for."""

from __future__ import annotations

from contextlib import suppress

import pytest

from collector.answer import decode, describe, read_json
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


@pytest.mark.parametrize(
    ("charset", "text"),
    [
        ("iso-2022-jp", "サービスが悪い"),
        ("ISO-2022-KR", "서비스가 나쁘다"),
        ("hz-gb-2312", "服务很差"),
        ("utf-7", "Überbucht"),
        ("utf-16-le", "late"),
        ("koi8-r", "поздно"),
    ],
)
def test_a_declared_character_set_is_taken_where_bytes_alone_cannot_tell(charset: str, text: str) -> None:
    assert decode(text.encode(charset), f"text/plain; charset={charset}") == text


def test_valid_utf_8_is_read_as_such_whatever_is_declared() -> None:
    for charset in ("iso-8859-1", "iso-2022-jp", "hz", "klingon"):
        assert decode("Überbucht".encode(), f"charset={charset}") == "Überbucht"
