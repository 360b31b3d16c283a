"""Where texts are cut, and that nothing is lost in cutting."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentiment.classifiers.windows import MOST_CHARACTERS, clauses, cut, parts, readable, says_something, sentences


def pieces(text: str, spans: list[tuple[int, int]]) -> list[str]:
    return [text[start:end] for start, end in spans]


def test_sentences_end_at_marks_and_line_breaks() -> None:
    text = "We flew. It was late!\nNobody cared? 2.50 extra"
    assert pieces(text, sentences(text)) == ["We flew.", "It was late!", "Nobody cared?", "2.50 extra"]


def test_clauses_part_at_commas_and_but() -> None:
    text = "crew lovely, three hours late but nobody told us"
    assert pieces(text, clauses(text, (0, len(text)))) == ["crew lovely,", "three hours late", "but nobody told us"]


def test_a_clause_of_one_word_goes_with_the_next() -> None:
    text = "Sorry, the flight is late"
    assert pieces(text, clauses(text, (0, len(text)))) == [text]


def test_what_a_tokenizer_chokes_on_becomes_blank_and_lengths_stay() -> None:
    text = "a\x00b\ud800c\u202ed https://example.org/x?y e"
    clean = readable(text)
    assert len(clean) == len(text)
    assert clean.split() == ["a", "b", "c", "d", "http", "e"]


@given(st.text())
def test_readable_text_has_the_same_length_and_can_be_encoded(text: str) -> None:
    clean = readable(text)
    assert len(clean) == len(text)
    clean.encode("utf-8")


@given(st.lists(st.integers(1, 9), min_size=0, max_size=400), st.integers(8, 60))
def test_every_token_is_in_exactly_one_window_in_order(lengths: list[int], longest: int) -> None:
    text, spans = "", []
    for place, length in enumerate(lengths):
        spans.append((len(text), len(text) + length))
        text += "x" * length + (". " if place % 7 == 6 else " ")
    windows = cut(text, range(len(lengths)), spans, longest)
    assert [token for window in windows for token in window.tokens] == list(range(len(lengths)))
    assert all(0 < len(window.tokens) <= longest for window in windows)


def test_windows_are_cut_between_sentences() -> None:
    text = "One two three four. Five six seven eight. Nine ten eleven twelve."
    spans, start = [], 0
    for word in text.split():
        spans.append((start, start + len(word)))
        start += len(word) + 1
    windows = cut(text, range(12), spans, 8)
    assert [text[w.spans[0][0] : w.spans[-1][1]][-1] for w in windows] == ["."] * len(windows)


def test_a_very_long_text_is_read_at_both_ends() -> None:
    spans = parts("x" * 1_000_000)
    assert spans[0][0] == 0
    assert spans[-1][1] == 1_000_000
    assert sum(end - start for start, end in spans) == MOST_CHARACTERS


def test_a_page_of_blanks_costs_no_more_than_its_length() -> None:
    # Each of these took minutes when every place of a run of white space was tried.
    for blanks in (" " * 100_000, "\t " * 50_000, "\n" * 100_000, " \n" * 50_000):
        text = f"The room was dirty,{blanks}but the crew was kind"
        spans = [clause for sentence in sentences(text) for clause in clauses(text, sentence)]
        assert pieces(text, spans) == ["The room was dirty,", "but the crew was kind"]


def test_sentences_of_chinese_and_japanese_end_without_a_space() -> None:
    text = "房间很脏。服务员很好！为什么？！再见"
    assert pieces(text, sentences(text)) == ["房间很脏。", "服务员很好！", "为什么？！", "再见"]


@pytest.mark.parametrize(
    "text",
    ["", " \n", ".", "...", "!!!", "-", "???", "\u200b\ufe0f", "\ufffd", "\u0301", "https://t.co/x", "@united @delta"],
)
def test_punctuation_links_and_handles_say_nothing(text: str) -> None:
    assert not says_something(text)


@pytest.mark.parametrize(
    "text", ["ok", "5", "😡", "❤️", "👍🏽", ":(", ":-)", "-_-", "房间", "@united late", "#fail", "ñ"]
)
def test_words_numbers_emoji_and_faces_say_something(text: str) -> None:
    assert says_something(text)
