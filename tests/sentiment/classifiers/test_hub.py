"""A tiny random model of each sort, built here, read like any other classifier."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest

from sentiment.classifiers.errors import ModelMissing, ModelUnusable
from sentiment.classifiers.hub import HubClassifier, class_points, class_values, why_unreachable
from sentiment.reading import Sentiment


def test_classes_are_understood_by_their_names() -> None:
    assert class_values(["negative", "neutral", "positive"]).tolist() == np.eye(3).tolist()
    assert class_values(["POSITIVE", "NEGATIVE"]).tolist() == [[0, 0, 1], [1, 0, 0]]
    assert class_values(["LABEL_0", "LABEL_1", "LABEL_2"]).tolist() == np.eye(3).tolist()
    assert class_values(["1 star", "2 stars", "3 stars", "4 stars", "5 stars"])[2].tolist() == [0, 1, 0]


def test_stars_are_read_by_their_number_not_by_their_place() -> None:
    labels = ["5 stars", "4 stars", "3 stars", "2 stars", "1 star"]
    assert class_values(labels).argmax(1).tolist() == [2, 2, 1, 0, 0]
    assert class_points(labels).tolist() == [5, 4, 3, 2, 1]
    assert class_points([f"LABEL_{place}" for place in range(5)]).tolist() == [1, 2, 3, 4, 5]
    assert class_points(["pos", "neg"]).tolist() == [4.5, 1.5]


def test_unnamed_classes_in_no_usual_order_are_refused() -> None:
    with pytest.raises(ModelUnusable, match="LABEL_2, LABEL_0, LABEL_1"):
        class_values(["LABEL_2", "LABEL_0", "LABEL_1"])


def test_a_model_that_says_nothing_of_sentiment_is_refused_by_name() -> None:
    with pytest.raises(ModelUnusable, match="sadness, joy"):
        class_values(["sadness", "joy"])


def test_a_folder_that_is_not_there_is_named_as_such(tmp_path: Path) -> None:
    with pytest.raises(ModelMissing, match="there is no such folder"):
        HubClassifier.load(str(tmp_path / "nowhere"))


def tiny(folder: Path, labels: list[str], **shape: Any) -> Path:
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
        **shape,
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


def test_a_text_longer_than_the_network_has_positions_is_read_to_its_end(tmp_path: Path) -> None:
    classifier = HubClassifier.load(str(tiny(tmp_path, ["negative", "positive"], max_position_embeddings=32)))
    windows = classifier.sentiment.windows("great crew late . " * 25)
    assert sum(len(window.tokens) for window in windows) == 100
    assert all(len(window.tokens) <= 28 for window in windows)
    (reading,) = classifier.read(["great crew late . " * 25])
    assert sum(reading.probabilities) == pytest.approx(1)


def test_names_of_classes_follow_their_numbers(tmp_path: Path) -> None:
    folder = tiny(tmp_path, ["negative", "neutral", "positive"])
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    config["id2label"] = {"2": "positive", "0": "negative", "1": "neutral"}
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
    assert HubClassifier.load(str(folder)).sentiment.labels == ("negative", "neutral", "positive")


def test_pickled_weights_are_refused(tmp_path: Path) -> None:
    folder = tiny(tmp_path, ["negative", "positive"])
    import torch

    torch.save({}, folder / "pytorch_model.bin")
    (folder / "model.safetensors").unlink()
    with pytest.raises(ModelUnusable, match=r"pickled weights \(\.bin\) are not read"):
        HubClassifier.load(str(folder))


def test_damaged_weights_are_named(tmp_path: Path) -> None:
    folder = tiny(tmp_path, ["negative", "positive"])
    (folder / "model.safetensors").write_bytes(b"half")
    with pytest.raises(ModelUnusable, match="cannot be loaded"):
        HubClassifier.load(str(folder))


def test_an_encoder_that_was_never_trained_to_classify_is_refused(tmp_path: Path) -> None:
    folder = tiny(tmp_path, ["negative", "positive"])
    import transformers

    network = transformers.BertForSequenceClassification.from_pretrained(folder)
    network.bert.save_pretrained(folder)
    with pytest.raises(ModelUnusable, match="never trained to tell classes apart"):
        HubClassifier.load(str(folder))


def test_a_long_name_is_cut_to_what_a_store_keeps(tmp_path: Path) -> None:
    folders = [tmp_path / ("x" * 100) / name for name in ("one", "two")]
    names = [HubClassifier.load(str(tiny(folder, ["negative", "positive"]))).name for folder in folders]
    assert all(len(name) <= 100 for name in names)
    assert names[0] != names[1]


class _Hub(BaseHTTPRequestHandler):
    """Answers every question with `status`, and counts them."""

    status = 503
    asked: ClassVar[list[str]] = []

    def do_HEAD(self) -> None:
        self.asked.append(self.path)
        self.send_response(self.status)
        self.send_header("X-Error-Message", "Out of order")
        self.end_headers()

    def log_message(self, *args: Any) -> None:
        """Say nothing."""


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[type[_Hub]]:
    """A hub of one's own that has nothing, with an empty folder for what is kept."""
    from huggingface_hub import constants

    answering = type("Answering", (_Hub,), {"asked": []})
    server = ThreadingHTTPServer(("127.0.0.1", 0), answering)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    here = f"http://127.0.0.1:{server.server_port}"
    monkeypatch.setattr(constants, "ENDPOINT", here)
    monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", here + "/{repo_id}/resolve/{revision}/{filename}")
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "kept"))
    yield answering
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_hub_that_fails_is_asked_once_and_the_reason_is_told(hub: type[_Hub]) -> None:
    assert "503" in str(why_unreachable("someone/sentiment"))
    assert hub.asked == ["/someone/sentiment/resolve/main/config.json"]


def test_a_hub_that_has_no_such_model_answers(hub: type[_Hub]) -> None:
    hub.status = 404
    assert why_unreachable("someone/sentiment") is None
    assert why_unreachable("no/name/at all") is None


def test_a_name_that_cannot_be_fetched_is_refused_at_once_with_what_to_do(hub: type[_Hub]) -> None:
    pytest.importorskip("torch")
    with pytest.raises(ModelMissing, match=r"cannot be fetched .*503.*hf download someone/sentiment "):
        HubClassifier.load("someone/sentiment")
    assert len(hub.asked) == 1


def test_a_folder_asks_no_hub(hub: type[_Hub], tmp_path: Path) -> None:
    HubClassifier.load(str(tiny(tmp_path / "model", ["negative", "positive"])))
    assert hub.asked == []
