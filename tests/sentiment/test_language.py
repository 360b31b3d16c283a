"""Telling languages apart, and saying so when nobody can."""

import pytest

from sentiment.language import language_of


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("The crew was friendly but we landed three hours late.", "en"),
        ("Der Zug kam heute schon wieder viel zu spät.", "de"),
        ("Le personnel était très aimable.", "fr"),
        ("El pedido llegó tarde y en mal estado.", "es"),
        ("Il servizio è stato pessimo, non tornerò.", "it"),
        ("Não recomendo, o atendimento é muito demorado.", "pt"),
        ("الخدمة سيئة جدا ولن أعود مرة أخرى", "ar"),
        ("बहुत खराब सेवा थी", "hi"),
    ],
)
def test_a_sentence_is_recognised_whatever_was_declared(text: str, code: str) -> None:
    assert language_of(text) == code
    assert language_of(text, "ja") == code


def test_very_short_text_is_in_the_declared_language() -> None:
    assert language_of("ok", "de") == "de"
    assert language_of("👍", "pt-BR") == "pt"
    assert language_of("ok") is None
    assert language_of("") is None


def test_links_handles_and_tags_do_not_count_as_words() -> None:
    assert language_of("@united https://example.org/der-die-das #fail", "fr") == "fr"


def test_what_was_declared_is_taken_for_the_language_that_it_means() -> None:
    assert language_of("ok", "fil") == "tl"
    assert language_of("ok", "und") is None
