"""A tiny random model of each sort, built here, read like any other classifier."""

from pathlib import Path

import numpy as np
import pytest

from sentiment.classifiers.errors import ModelUnusable
from sentiment.classifiers.hub import HubClassifier, class_values
from sentiment.reading import Sentiment


def test_classes_are_understood_by_their_names() -> None:
    assert class_values(["negative", "neutral", "positive"]).tolist() == np.eye(3).tolist()
    assert class_values(["POSITIVE", "NEGATIVE"]).tolist() == [[0, 0, 1], [1, 0, 0]]
    assert class_values(["LABEL_0", "LABEL_1", "LABEL_2"]).tolist() == np.eye(3).tolist()
    assert class_values(["1 star", "2 stars", "3 stars", "4 stars", "5 stars"])[2].tolist() == [0, 1, 0]


def test_a_model_that_says_nothing_of_sentiment_is_refused_by_name() -> None:
    with pytest.raises(ModelUnusable, match="sadness, joy"):
        class_values(["sadness", "joy"])


def tiny(folder: Path, labels: list[str]) -> Path:
    pytest.importorskip("torch")
    transformers = pytest.importorskip("transformers")
    from tokenizers import Tokenizer, models, pre_tokenizers, processors

    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "great", "awful", "crew", "late", "."]
    engine = Tokenizer(models.WordLevel({word: place for place, word in enumerate(words)}, unk_token="[UNK]"))
    engine.pre_tokenizer = pre_tokenizers.Whitespace()
    engine.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    tokenizer = transformers.PreTrainedTokenizerFast(
        tokenizer_object=engine, unk_token="[UNK]", pad_token="[PAD]", cls_token="[CLS]", sep_token="[SEP]",
        model_max_length=512,
    )  # fmt: skip
    tokenizer.save_pretrained(folder)
    config = transformers.BertConfig(
        vocab_size=len(words), hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16,
        num_labels=len(labels), id2label=dict(enumerate(labels)), label2id={n: i for i, n in enumerate(labels)},
    )  # fmt: skip
    transformers.BertForSequenceClassification(config).save_pretrained(folder)
    return folder


def test_a_tiny_hub_model_gives_the_same_sort_of_reading(tmp_path: Path) -> None:
    sentiment = tiny(tmp_path / "sentiment", ["negative", "neutral", "positive"])
    entailment = tiny(tmp_path / "nli", ["contradiction", "entailment"])
    classifier = HubClassifier.load(f"{sentiment} | {entailment}")
    texts = ["great crew . late", "", "\x00\ud800", "great " * 2000]
    readings = classifier.read(texts)
    assert len(readings) == 4
    for text, reading in zip(texts, readings, strict=True):
        assert sum(reading.probabilities) == pytest.approx(1)
        assert 1 <= reading.satisfaction <= 5
        assert all(0 <= aspect.start < aspect.end <= len(text) for aspect in reading.aspects)
    assert readings[1].sentiment is Sentiment.NEUTRAL
    assert readings[1].abstained
