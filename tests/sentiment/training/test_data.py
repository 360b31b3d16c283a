"""Which texts may be learnt from, and that what is judged was never seen."""

import json
from dataclasses import replace
from importlib import resources
from pathlib import Path

import pytest

from sentiment.taxonomy import taxonomy
from sentiment.training.data import (
    DataProblem,
    Example,
    Split,
    fingerprint,
    load,
    own_example,
    sentiment_of,
    shorten,
    split_of,
    unescape,
    without_leaks,
)
from sentiment.training.phrases import compose, phrasebook
from sentiment.training.relabelled import KEPT_BACK, TRAINED_ON, key_of, with_our_labels
from sentiment.training.schemes import ASPECTS, CLASSES, OWN_SCHEME, SIGNS, Task
from sentiment.training.written import written


def example(text: str, source: str, split: Split) -> Example:
    return Example(text=text, source=source, domain="x", language="en", split=split)


def test_a_split_depends_on_the_text_alone_and_spacing_does_not_move_it() -> None:
    texts = [f"text number {place}" for place in range(2000)]
    splits = [split_of(text, validation=8, test=10) for text in texts]
    assert splits == [split_of(f"  {text.upper()}!", validation=8, test=10) for text in texts]
    assert 0.07 < splits.count(Split.TEST) / 2000 < 0.13
    assert 0.05 < splits.count(Split.VALIDATION) / 2000 < 0.11


def test_no_text_stands_in_two_splits_and_own_labels_stay_where_they_are() -> None:
    kept = without_leaks(
        [
            example("Late again!", "own", Split.TRAIN),
            example("late again", "airline", Split.TEST),
            example("Fine.", "umsab", Split.TRAIN),
            example("fine", "umsab", Split.TEST),
            example("Held back", "own", Split.TEST),
            example("held back", "fabsa", Split.TRAIN),
        ]
    )
    assert [(e.source, e.split) for e in kept] == [
        ("own", Split.TRAIN),
        ("umsab", Split.TEST),
        ("own", Split.TEST),
    ]


def test_satisfaction_gives_sentiment() -> None:
    assert [sentiment_of(points) for points in range(1, 6)] == ["negative"] * 2 + ["neutral"] + ["positive"] * 2
    made = own_example("x", {"satisfaction": 2, "aspects": {}}, source="own", domain="d", language="en")
    assert made.tasks == {Task.SATISFACTION: "2", Task.SENTIMENT: "negative"}
    assert made.scheme == OWN_SCHEME


def test_a_correction_without_aspects_says_nothing_about_them() -> None:
    made = own_example("x", {"sentiment": "positive"}, source="corrections", domain="d", language="en")
    assert made.scheme is None
    assert made.tasks == {Task.SENTIMENT: "positive"}


def test_leftover_escapes_become_characters_and_long_texts_end_with_a_sentence() -> None:
    assert unescape(r"it\u2019s") == "it’s"
    assert shorten("One sentence here. " * 50, 100).endswith("here.")


def test_a_folder_is_loaded_and_a_broken_line_is_named(tmp_path: Path) -> None:
    (tmp_path / "aspects").mkdir()
    own = tmp_path / "aspects" / "labelled.jsonl"
    row = {"text": "late", "satisfaction": 2, "aspects": {"timeliness": "-"}, "stage": "during", "intent": "complaint",
           "loyalty": "unknown", "domain": "airline"}  # fmt: skip
    own.write_text(json.dumps(row) + "\n", encoding="utf-8")
    (only,) = load(tmp_path)
    assert only.aspects == {"timeliness": "-"}
    own.write_text("{broken\n", encoding="utf-8")
    with pytest.raises(DataProblem, match=r"labelled\.jsonl, line 1"):
        load(tmp_path)
    with pytest.raises(DataProblem, match="not there"):
        load(tmp_path / "elsewhere")


@pytest.mark.parametrize(
    ("file", "row", "says"),
    [
        (
            "aspects/labelled.jsonl",
            {"text": "late", "satisfaction": 9},
            "satisfaction is one of 1, 2, 3, 4, 5, not '9'",
        ),
        ("aspects/labelled.jsonl", {"text": "late", "stage": "midway"}, "stage is one of before"),
        ("aspects/labelled.jsonl", {"text": "late", "aspects": {"tastiness": "-"}}, "'tastiness': '-' is no aspect"),
        ("aspects/labelled.jsonl", {"text": "late", "aspects": ["care"]}, "line 2"),
        ("aspects/labelled.jsonl", {"satisfaction": 2}, "no text"),
        ("sentiment/airline_tweets.jsonl", {"text": "late", "lang": "en"}, "'label' is missing"),
        ("sentiment/semeval2017_4a.jsonl", {"text": "late", "label": "bad", "lang": "en"}, "sentiment is one of"),
        ("sentiment/skytrax_stars.jsonl", {"text": "late", "stars": "many"}, "line 2"),
        ("external_aspects/fabsa.jsonl", {"text": "late", "labels": ["staff.meh"]}, "'meh' is missing or not known"),
    ],
)
def test_a_row_that_cannot_be_learnt_from_is_named_before_anything_is_fitted(
    tmp_path: Path, file: str, row: dict[str, object], says: str
) -> None:
    good = {
        "aspects": {"text": "fine", "satisfaction": 4},
        "sentiment": {"text": "fine", "label": "positive", "lang": "en", "stars": 4},
        "external_aspects": {"text": "fine", "labels": []},
    }
    for name in {"aspects/labelled.jsonl", file}:
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        rows = [good[path.parent.name], *([row] if name == file else [])]
        path.write_text("".join(json.dumps(each) + "\n" for each in rows), encoding="utf-8")
    with pytest.raises(DataProblem) as problem:
        load(tmp_path)
    assert f"{Path(file).name}, line 2: " in str(problem.value)
    assert says in str(problem.value)


def test_an_empty_file_of_labels_is_refused(tmp_path: Path) -> None:
    (tmp_path / "aspects").mkdir()
    (tmp_path / "aspects" / "labelled.jsonl").write_text("", encoding="utf-8")
    with pytest.raises(DataProblem, match="empty"):
        load(tmp_path)


def test_training_and_product_know_the_same_aspects_in_the_same_order() -> None:
    assert tuple(taxonomy().aspects) == ASPECTS


def test_composed_phrases_are_sound_and_the_same_every_time() -> None:
    made = compose(200)
    assert made == compose(200)
    assert all(e.aspects and set(e.aspects) <= set(ASPECTS) for e in made)
    assert all(set(e.aspects.values()) <= {"+", "-"} for e in made)
    assert {e.language for e in made} == {"en", "de", "fr", "es", "it", "pt"}


def test_the_gold_sentences_are_not_in_the_phrasebook() -> None:
    gold = Path(__file__).parents[2] / "data" / "gold"
    known = {words.lower() for phrases in phrasebook().values() for _, _, words in phrases}
    for file in gold.glob("*.jsonl"):
        for line in file.read_text(encoding="utf-8").splitlines():
            assert json.loads(line)["text"].lower().rstrip(".!?") not in known


def test_what_was_written_for_training_has_valid_labels_and_no_text_twice_or_of_the_gold_set() -> None:
    examples = written()
    assert {e.language for e in examples} == {"en", "de", "fr", "es", "it", "pt"}
    assert all(e.tasks[task] in CLASSES[task] for e in examples for task in e.tasks)
    assert all(set(e.tasks) == set(CLASSES) - {Task.STARS} for e in examples)
    assert {a for e in examples for a in e.aspects} == set(ASPECTS)
    assert {sign for e in examples for sign in e.aspects.values()} == set(SIGNS)
    gold = (Path(__file__).parents[2] / "data" / "gold").glob("*.jsonl")
    lines = [line for file in gold for line in file.read_text(encoding="utf-8").splitlines()]
    kept_back = {fingerprint(json.loads(line)["text"]) for line in lines}
    assert len(kept_back) >= 300
    seen = [fingerprint(e.text) for e in examples]
    assert len(set(seen)) == len(seen)
    assert not kept_back & set(seen)


@pytest.mark.parametrize(("name", "at_least"), [(TRAINED_ON, 1000), (KEPT_BACK, 500)])
def test_our_labels_of_borrowed_texts_are_valid(name: str, at_least: int) -> None:
    lines = resources.files("sentiment.training").joinpath(name).read_text(encoding="utf-8").splitlines()
    assert len({line.split("|")[0] for line in lines}) == len(lines) > at_least
    for line in lines:
        _, satisfaction, aspects, stage, intent, loyalty = line.split("|")
        assert 1 <= int(satisfaction) <= 5
        assert stage in CLASSES[Task.STAGE]
        assert intent in CLASSES[Task.INTENT]
        assert loyalty in CLASSES[Task.LOYALTY]
        for each in [] if aspects == "none" else aspects.split(","):
            assert each.split(":")[0] in ASPECTS
            assert each.split(":")[1] in SIGNS
    unknown = Example(text="nobody labelled this", source="fabsa", domain="d", language="en")
    assert with_our_labels([unknown]) == [unknown]


def test_no_text_is_both_trained_on_and_kept_back() -> None:
    trained, kept_back = (
        {line.split("|")[0] for line in resources.files("sentiment.training").joinpath(name).read_text().splitlines()}
        for name in (TRAINED_ON, KEPT_BACK)
    )
    assert not trained & kept_back


def test_a_labelled_hash_joins_its_text_once(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "Late again, and nobody said a word."
    labels = {key_of(text): {"satisfaction": 2, "aspects": {"timeliness": "-"}, "stage": "during"}}
    fabsa = Example(text=text, source="fabsa", domain="shop", language="en", scheme="fabsa")
    test = replace(fabsa, split=Split.TEST)
    monkeypatch.setattr("sentiment.training.relabelled._labels", lambda name: labels if name == TRAINED_ON else {})
    first, found, second, last = with_our_labels([fabsa, fabsa, test])
    assert (first, second, last) == (fabsa, fabsa, test)
    assert (found.source, found.scheme, found.aspects) == ("relabelled", OWN_SCHEME, {"timeliness": "-"})
    assert with_our_labels([test]) == [test]


def test_a_text_whose_labels_are_kept_back_is_trained_on_in_no_form(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "Late again, and nobody said a word."
    labels = {key_of(text): {"satisfaction": 2, "aspects": {"timeliness": "-"}, "stage": "during"}}
    fabsa = Example(text=text, source="fabsa", domain="shop", language="en", scheme="fabsa")
    monkeypatch.setattr("sentiment.training.relabelled._labels", lambda name: labels if name == KEPT_BACK else {})
    found = with_our_labels([fabsa, fabsa, replace(fabsa, split=Split.TEST)])
    assert [(each.source, each.split) for each in found] == [
        ("fabsa", Split.VALIDATION),
        ("relabelled", Split.VALIDATION),
        ("fabsa", Split.VALIDATION),
        ("fabsa", Split.TEST),
    ]
