"""The tokenizer as the classifier uses it gives the numbers that transformers gives (docs/decisions/0005)."""

from __future__ import annotations

import warnings

import pytest
from tokenizers import Tokenizer

from sentiment.classifiers.onnx import SHIPPED

TEXTS = [
    "The crew was lovely, but we were three hours late!",
    "Nie wieder: zwei Stunden Verspätung und keine Auskunft…",
    "¡Qué desastre! 😡👎🏽 #huelga @naviera https://example.com/x",
    "الرحلة تأخرت كثيرا",
    "देर से आया",
    "",
    "  spaces\tand\nlines  ",
]


@pytest.mark.parametrize("text", TEXTS)
def test_tokenizers_and_transformers_give_the_same_numbers(text: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # transformers says that it found no torch
        from transformers import PreTrainedTokenizerFast
    theirs = PreTrainedTokenizerFast(tokenizer_file=str(SHIPPED / "tokenizer.json"))
    ours = Tokenizer.from_file(str(SHIPPED / "tokenizer.json"))
    assert ours.encode(text, add_special_tokens=False).ids == theirs(text, add_special_tokens=False)["input_ids"]
