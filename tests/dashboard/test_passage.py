"""A hostile text on a screen is text and nothing else."""

from __future__ import annotations

from html.parser import HTMLParser

from hypothesis import given
from hypothesis import strategies as st

from dashboard.passage import Evidence, link, marked

LABEL = "Timeliness"
spans = st.lists(
    st.builds(
        lambda start, length: Evidence(start=start, end=start + length, polarity="negative", label=LABEL),
        st.integers(0, 60),
        st.integers(0, 30),
    ),
    max_size=5,
)


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)

    def handle_data(self, data: str) -> None:
        self.text += data


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"])), spans)
def test_whatever_is_said_only_marks_come_out_and_no_character_is_lost(text: str, evidence: list[Evidence]) -> None:
    parser = _Tags()
    parser.feed(marked(text, evidence, shown=10_000))
    parser.close()
    assert set(parser.tags) <= {"mark"}
    assert parser.text == text


def test_a_cut_is_told_with_the_whole_length() -> None:
    assert "first 10 of 1,000,000 characters" in marked("x" * 50, [], length=1_000_000, shown=10)


def test_evidence_beyond_the_cut_marks_nothing() -> None:
    late = Evidence(start=30, end=34, polarity="negative", label=LABEL)
    assert "<mark" not in marked("x" * 40, [late], shown=10)


def test_only_addresses_of_the_web_become_links() -> None:
    assert 'href="https://forum.example/1?a=1&amp;b=2"' in link("https://forum.example/1?a=1&b=2", "original")
    for bad in (
        "javascript:alert(1)",
        " JaVaScRiPt:alert(1)",
        "data:text/html,x",
        "//x.example",
        "",
        None,
        "http://[bad",
    ):
        assert link(bad, "original") == ""


def test_a_quote_in_an_address_cannot_end_the_attribute() -> None:
    assert '"><script>' not in link('https://x.example/"><script>alert(1)</script>', "original")
