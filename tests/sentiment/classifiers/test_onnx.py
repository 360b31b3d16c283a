"""The shipped model reads whatever comes, the same way every time."""

import json
from pathlib import Path

import pytest

from sentiment.classifiers import Classifier, ModelMissing, ModelUnusable, load_classifier
from sentiment.classifiers.onnx import SHIPPED, OnnxClassifier
from sentiment.reading import Reading, Sentiment


@pytest.fixture(scope="module")
def classifier() -> Classifier:
    return load_classifier("shipped", threads=1)


def one(classifier: Classifier, text: str, language: str | None = None) -> Reading:
    (reading,) = classifier.read([text], [language])
    return reading


def polarity(reading: Reading) -> dict[str, Sentiment]:
    return {aspect.aspect: aspect.polarity for aspect in reading.aspects}


def evidence(text: str, reading: Reading, aspect: str) -> str:
    found = next(each for each in reading.aspects if each.aspect == aspect)
    return text[found.start : found.end]


def test_plain_praise_and_blame_are_told_apart(classifier: Classifier) -> None:
    assert one(classifier, "I love this hotel, best stay ever!").sentiment is Sentiment.POSITIVE
    assert one(classifier, "Worst bank ever, I am furious.").sentiment is Sentiment.NEGATIVE
    assert one(classifier, "What time does the branch open on Monday?").sentiment is Sentiment.NEUTRAL


def test_a_mixed_review_gives_both_aspects_with_opposite_signs(classifier: Classifier) -> None:
    text = "The crew was lovely and friendly. But the flight was three hours late."
    reading = one(classifier, text)
    assert polarity(reading)["courtesy"] is Sentiment.POSITIVE
    assert polarity(reading)["timeliness"] is Sentiment.NEGATIVE
    assert "crew" in evidence(text, reading, "courtesy")
    assert "late" in evidence(text, reading, "timeliness")


def test_sarcasm_about_a_bad_fact_is_negative(classifier: Classifier) -> None:
    assert one(classifier, "Great, another delay. Thanks a lot for ruining my day.").sentiment is Sentiment.NEGATIVE


def test_negation_turns_the_sign(classifier: Classifier) -> None:
    assert one(classifier, "The staff were friendly.").sentiment is Sentiment.POSITIVE
    assert one(classifier, "The staff were not friendly at all.").sentiment is Sentiment.NEGATIVE


def test_emoji_are_read(classifier: Classifier) -> None:
    glad, angry = one(classifier, "my new card 😍😍😍"), one(classifier, "my new card 😡😡😡")
    assert glad.probabilities[2] > angry.probabilities[2] + 0.2
    assert angry.probabilities[0] > glad.probabilities[0] + 0.2


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Das Zimmer war schmutzig und das Personal unverschämt.", "de"),
        ("Vol annulé et personne pour nous aider, une honte.", "fr"),
        ("Pésimo servicio, llevo una hora esperando.", "es"),
        ("Il treno è di nuovo in ritardo, vergogna.", "it"),
        ("Péssimo atendimento, nunca mais volto.", "pt"),
    ],
)
def test_complaints_in_the_main_languages_are_negative_and_validated(
    classifier: Classifier, text: str, language: str
) -> None:
    reading = one(classifier, text)
    assert reading.sentiment is Sentiment.NEGATIVE
    assert (reading.language, reading.validated) == (language, True)


def test_a_language_without_measurements_is_marked(classifier: Classifier) -> None:
    reading = one(classifier, "Η εξυπηρέτηση ήταν πολύ αργή και αγενής, δεν θα ξανάρθω ποτέ.")
    assert (reading.language, reading.validated) == ("el", False)


def test_a_text_without_words_is_neutral_and_not_relied_upon(classifier: Classifier) -> None:
    for text in ("", "   \n\t", "\x00\x00", ".", "...", "!!!", "\u200b", "https://t.co/x", "@united"):
        reading = one(classifier, text)
        assert reading.probabilities == (0.0, 1.0, 0.0)
        assert reading.abstained
        assert reading.aspects == ()


@pytest.mark.parametrize(
    "text",
    [
        "late \x00 flight", "late \ud800 flight", "\u202elate flight\u202c", "<script>alert(1)</script> late flight",
        "😡" * 500, "a" * 3000, "🇩🇪👩‍👩‍👧 late", "late. " * 400, "\ufeffشكرا",
    ],
)  # fmt: skip
def test_hostile_text_gives_a_sound_reading(classifier: Classifier, text: str) -> None:
    reading = one(classifier, text)
    assert sum(reading.probabilities) == pytest.approx(1, abs=1e-6)
    assert 1 <= reading.satisfaction <= 5
    assert all(0 <= each.start < each.end <= len(text) for each in reading.aspects)


def test_a_megabyte_is_read(classifier: Classifier) -> None:
    text = "The flight was late. " * 50_000
    assert one(classifier, text).sentiment is Sentiment.NEGATIVE


def test_the_end_of_a_long_text_counts(classifier: Classifier) -> None:
    filler = "We walked along the river and looked at the boats. " * 40
    reading = one(classifier, filler + "The hotel room was filthy, there was mould everywhere.")
    assert polarity(reading).get("cleanliness") is Sentiment.NEGATIVE


def test_order_and_company_do_not_change_a_reading(classifier: Classifier) -> None:
    texts = ["Late again" + " and again" * more for more in range(8)]
    texts += ["Lovely crew, I will fly with you again!", "How much is a bag? " * 30]
    together, turned = classifier.read(texts), classifier.read(texts[::-1])[::-1]
    for text, first, second in zip(texts, together, turned, strict=True):
        alone = one(classifier, text)
        for reading in (first, second):
            assert alone.sentiment is reading.sentiment
            assert alone.probabilities == pytest.approx(reading.probabilities, abs=1e-4)
            assert [each.aspect for each in alone.aspects] == [each.aspect for each in reading.aspects]


def test_a_missing_model_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelMissing, match=r"reader\.json"):
        OnnxClassifier(tmp_path)
    (tmp_path / "reader.json").write_text("{}", encoding="utf-8")
    with pytest.raises(ModelUnusable, match=r"reader\.json"):
        OnnxClassifier(tmp_path)


def belonging(folder: Path, **changed: object) -> Path:
    """The shipped model's files with another reader.json."""
    for name in ("model.onnx", "tokenizer.json"):
        (folder / name).symlink_to(SHIPPED / name)
    settings = json.loads((SHIPPED / "reader.json").read_text(encoding="utf-8"))
    (folder / "reader.json").write_text(json.dumps(settings | changed), encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"aspects": ["care"]}, "differ about presence, signs"),
        ({"temperatures": {"sentiment": 1}}, "satisfaction"),
        ({"classes": {"sentiment": ["negative"]}}, "satisfaction"),
        ({"longest": 0}, "longest is not above 0"),
    ],
)
def test_settings_that_do_not_fit_the_weights_are_refused_before_anything_is_read(
    tmp_path: Path, changed: dict[str, object], says: str
) -> None:
    with pytest.raises(ModelUnusable, match=says):
        OnnxClassifier(belonging(tmp_path, **changed), threads=1)


def test_a_tokenizer_that_does_not_belong_to_the_weights_is_refused(tmp_path: Path) -> None:
    tokenizer = belonging(tmp_path) / "tokenizer.json"
    tokenizer.unlink()
    tokenizer.write_text("{", encoding="utf-8")
    with pytest.raises(ModelUnusable, match="not a tokenizer"):
        OnnxClassifier(tmp_path, threads=1)
    model = {"type": "WordLevel", "vocab": {"ok": 99_999_999, "[UNK]": 99_999_998}, "unk_token": "[UNK]"}
    tokenizer.write_text(json.dumps({"version": "1.0", "model": model}), encoding="utf-8")
    with pytest.raises(ModelUnusable, match="do not belong together"):
        OnnxClassifier(tmp_path, threads=1)
