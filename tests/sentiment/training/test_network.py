"""A tiny network goes all the way: fitted, stopped, resumed, exported, quantised, read."""

import json
import shutil
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("onnx")

from sentiment.classifiers.errors import ModelMissing, ModelUnusable  # noqa: E402
from sentiment.classifiers.onnx import SHIPPED, OnnxClassifier  # noqa: E402
from sentiment.training.batches import UNKNOWN, Tokenised, by_length, mixture  # noqa: E402
from sentiment.training.data import DataProblem, Example, Split, split_of  # noqa: E402
from sentiment.training.encoder import choose_pieces, shrink  # noqa: E402
from sentiment.training.finish import Origin, finish, name_of  # noqa: E402
from sentiment.training.fit import Recipe, share_of_rate  # noqa: E402
from sentiment.training.judge import judge_model  # noqa: E402
from sentiment.training.network import build  # noqa: E402
from sentiment.training.predict import best_thresholds, logits, probabilities  # noqa: E402
from sentiment.training.restore import restore  # noqa: E402
from sentiment.training.run import Wanted, train_model  # noqa: E402
from sentiment.training.schemes import OWN_SCHEME, Task  # noqa: E402
from sentiment.training.teacher import ASKED_AT_ONCE, ask_teacher  # noqa: E402
from sentiment.training.teaching import load_lessons, save_lessons  # noqa: E402
from sentiment.training.train import tokenizer_of, train_network  # noqa: E402

WORDS = ["late", "flight", "lovely", "crew", "dirty", "room", "cheap", "the", "was", "and", "again", "never"]


@pytest.fixture(scope="module")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A BERT of one layer with a Unigram tokenizer in the transformers layout."""
    from tokenizers import Tokenizer, models, pre_tokenizers, processors
    from transformers import BertConfig, BertModel

    folder = tmp_path_factory.mktemp("encoder")
    pieces = [("<s>", 0.0), ("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0)]
    pieces += [(f"▁{word}", -5.0) for word in WORDS] + [(letter, -9.0) for letter in "▁abcdefghijklmnopqrstuvwxyz"]
    pieces += [("▁слово", -4.0)]
    engine = Tokenizer(models.Unigram(pieces, unk_id=3))
    engine.pre_tokenizer = pre_tokenizers.Metaspace()
    engine.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 2)]
    )
    engine.save(str(folder / "tokenizer.json"))
    names = {"bos_token": "<s>", "pad_token": "<pad>", "eos_token": "</s>", "unk_token": "<unk>"}
    (folder / "tokenizer_config.json").write_text(
        json.dumps({"tokenizer_class": "PreTrainedTokenizerFast", "model_max_length": 512, **names}), encoding="utf-8"
    )
    config = BertConfig(
        vocab_size=len(pieces), hidden_size=128, num_hidden_layers=2, num_attention_heads=2, intermediate_size=128,
        pad_token_id=1,
    )  # fmt: skip
    BertModel(config, add_pooling_layer=False).save_pretrained(folder)
    return folder


def rows(split: Split, count: int) -> list[Example]:
    late: dict[str, Any] = {
        "text": "the flight was late",
        "aspects": {"timeliness": "-"},
        "points": "2",
        "sentiment": "negative",
    }
    good: dict[str, Any] = {
        "text": "lovely crew and cheap",
        "aspects": {"courtesy": "+"},
        "points": "4",
        "sentiment": "positive",
    }
    calm: dict[str, Any] = {"text": "the room", "aspects": {}, "points": "3", "sentiment": "neutral"}
    made = []
    for place in range(count):
        kind = (late, good, calm)[place % 3]
        made.append(
            Example(
                text=f"{kind['text']} {'again ' * (place % 4)}".strip(), source="own", domain="d", language="en",
                split=split, scheme=OWN_SCHEME, aspects=dict(kind["aspects"]),
                tasks={
                    Task.SENTIMENT: str(kind["sentiment"]), Task.SATISFACTION: str(kind["points"]),
                    Task.STAGE: "during", Task.INTENT: "other", Task.LOYALTY: "unknown",
                },
            )
        )  # fmt: skip
    return made


RECIPE = Recipe(steps=60, weights={"own": 1.0}, batch_size=12, encoder_rate=2e-3, head_rate=2e-2, judge_every=30)


def test_a_network_learns_resumes_and_becomes_a_classifier(encoder: Path, tmp_path: Path) -> None:
    examples = rows(Split.TRAIN, 48) + rows(Split.VALIDATION, 24)
    lines: list[str] = []
    train_network(examples, encoder, tmp_path / "run", replace(RECIPE, steps=30), say=lines.append)
    assert any(line.startswith("judged after 30") for line in lines)
    lines.clear()
    network = train_network(examples, encoder, tmp_path / "run", RECIPE, say=lines.append)
    assert any(line.startswith("judged after 60") for line in lines)
    assert not any(line.startswith("judged after 30") for line in lines), "it went on from the checkpoint"

    origin = Origin(encoder="tiny", licence="none", recipe={"layers": 2, "weights": RECIPE.weights})
    agreement = finish(
        network, encoder, tmp_path / "model", scratch=tmp_path / "scratch", examples=examples, origin=origin
    )
    assert agreement["sentiment"] >= 0.9
    reports = judge_model(tmp_path / "model", examples + rows(Split.TRAIN, 9) + rows(Split.TEST, 9))
    assert set(reports) == {"Own labels, trades seen in training"}
    card = (tmp_path / "model" / "MODEL_CARD.md").read_text(encoding="utf-8")
    assert "| 48 | our labels; English tweets" in card, "what it was fitted to, not what there is now"
    classifier = OnnxClassifier(tmp_path / "model", threads=1)
    late, good = classifier.read(["the flight was late again", "lovely crew and cheap"])
    assert (late.sentiment.value, good.sentiment.value) == ("negative", "positive")
    assert [aspect.aspect for aspect in late.aspects] == ["timeliness"]


def test_the_seed_decides_a_whole_run(encoder: Path, tmp_path: Path) -> None:
    examples = rows(Split.TRAIN, 12) + rows(Split.VALIDATION, 6)
    one, two = (
        train_network(examples, encoder, tmp_path / name, replace(RECIPE, steps=3), say=lambda _: None)
        for name in ("one", "two")
    )
    assert all(torch.equal(one.state_dict()[name], weights) for name, weights in two.state_dict().items())


def test_an_exported_model_learns_on_from_corrections_and_is_judged(encoder: Path, tmp_path: Path) -> None:
    examples = rows(Split.TRAIN, 48) + rows(Split.VALIDATION, 24)
    network = train_network(examples, encoder, tmp_path / "run", RECIPE, say=lambda _: None)
    origin = Origin(encoder="tiny", licence="none", recipe={"layers": 2})
    model = tmp_path / "model"
    finish(network, encoder, model, scratch=tmp_path / "scratch", examples=examples, origin=origin)

    restored = restore(model, tmp_path / "restored")
    again = build(str(restored.encoder))
    missing, unexpected = again.load_state_dict(torch.load(restored.weights, weights_only=True), strict=False)
    assert not unexpected
    assert all("pooler" in name or "stars" in name or OWN_SCHEME not in name for name in missing)
    data = Tokenised(rows(Split.TRAIN, 6), tokenizer_of(restored.encoder), 32)
    before, after = logits(network, data), logits(again, data)
    for name, array in before.items():
        assert array == pytest.approx(after[name], abs=0.15), name

    # "dirty room" was never labelled; people say that it is about cleanliness, and bad.
    said = {"sentiment": "negative", "aspects": {"cleanliness": "-"}, "language": "en"}
    ends = [" ".join(words) for words in product(["the", "again", "was", "and", "never", "cheap"], repeat=3)]
    corrections = [(f"dirty room {end}", said) for end in ends]
    others = [f"{start} {end}" for start in ("lovely crew", "the flight was late") for end in ends]
    wanted = Wanted(data=None, output=tmp_path / "new", start=model, corrections=corrections, others=others, minutes=5)
    *_, last = train_model(wanted)
    assert "Use it:" in last
    assert "other texts as before" in last
    (old,), (new,) = (OnnxClassifier(m, threads=1).read(["dirty room"]) for m in (model, tmp_path / "new" / "model"))
    assert new.probabilities[0] > old.probabilities[0]
    with pytest.raises(DataProblem, match="holds a finished model"):
        list(train_model(wanted))
    few = train_model(replace(wanted, output=tmp_path / "few", corrections=corrections[:20]))
    assert "too few to judge it by" in list(few)[-1]


def test_a_teacher_comes_first_and_its_student_is_judged(encoder: Path, tmp_path: Path) -> None:
    file = tmp_path / "data" / "aspects" / "labelled.jsonl"
    file.parent.mkdir(parents=True)
    labels = {"satisfaction": 2, "stage": "during", "intent": "complaint", "loyalty": "unknown"}
    lines = [
        json.dumps({"text": f"late flight number {n}", "aspects": {"timeliness": "-"}, "lang": "en", **labels})
        for n in range(400)
    ]
    file.write_text("\n".join(lines), encoding="utf-8")
    wanted = Wanted(
        data=tmp_path / "data", output=tmp_path / "out", encoder=encoder, teacher=encoder, start=tmp_path, minutes=0.05
    )
    said: list[str] = []
    with pytest.raises(ModelMissing):  # there is no model in use to set it beside
        said.extend(train_model(wanted))
    assert (tmp_path / "out" / "teacher" / "lessons.npz").is_file()
    assert "what a larger network says of the texts: encoder0" in (
        tmp_path / "out" / "model" / "MODEL_CARD.md"
    ).read_text("utf-8")
    assert (tmp_path / "out" / "model" / "model.onnx").is_file()


def test_what_training_lacks_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataProblem, match=r"--encoder .*nowhere"):
        list(train_model(Wanted(data=tmp_path, output=tmp_path, encoder=tmp_path / "nowhere")))
    with pytest.raises(DataProblem, match=r"labelled\.jsonl: not there"):
        list(train_model(Wanted(data=tmp_path, output=tmp_path / "one")))
    assert not (tmp_path / "one").exists(), "a run that cannot begin claims no folder"
    (tmp_path / "one").mkdir()
    (tmp_path / "one" / "made_of.json").write_text('{"data": "elsewhere"}', encoding="utf-8")
    with pytest.raises(DataProblem, match="holds a stopped run that began otherwise"):
        list(train_model(Wanted(data=tmp_path / "other", output=tmp_path / "one")))


def test_a_folder_that_holds_no_whole_encoder_is_named_before_anything_is_fitted(encoder: Path, tmp_path: Path) -> None:
    copy = tmp_path / "encoder"
    shutil.copytree(encoder, copy)
    (copy / "model.safetensors").write_bytes(b"half")
    with pytest.raises(DataProblem, match="encoder: not an encoder"):
        train_network(rows(Split.TRAIN, 6), copy, tmp_path / "run", RECIPE, say=lambda _: None)
    (copy / "model.safetensors").unlink()
    with pytest.raises(DataProblem, match=r"give a folder with config\.json, tokenizer\.json, model\.safetensors"):
        list(train_model(Wanted(data=tmp_path, output=tmp_path / "out", encoder=copy)))


def test_with_nothing_left_to_fit_training_says_so(encoder: Path, tmp_path: Path) -> None:
    with pytest.raises(DataProblem, match="none of 6 texts is left to learn from"):
        train_network(rows(Split.TEST, 6), encoder, tmp_path / "run", RECIPE, say=lambda _: None)


def test_corrections_that_are_all_kept_back_are_too_few_to_begin(tmp_path: Path) -> None:
    kept_back = next(t for t in map(str, range(100)) if split_of(t, validation=8, test=20) is Split.TEST)
    said = [(kept_back, {"sentiment": "negative"})]
    with pytest.raises(DataProblem, match="all of the 1 checked texts are kept back"):
        list(train_model(Wanted(data=None, output=tmp_path / "out", corrections=said)))


def test_a_model_whose_files_do_not_belong_together_cannot_learn_on(tmp_path: Path) -> None:
    (tmp_path / "model.onnx").symlink_to(SHIPPED / "model.onnx")
    with pytest.raises(ModelUnusable, match=r"reader\.json: cannot be read"):
        restore(tmp_path, tmp_path / "start")
    (tmp_path / "reader.json").write_text("{}", encoding="utf-8")
    with pytest.raises(ModelUnusable, match="attention_heads"):
        restore(tmp_path, tmp_path / "start")


def test_shrinking_keeps_the_tokens_of_covered_text_and_drops_other_scripts(encoder: Path, tmp_path: Path) -> None:
    shrink(encoder, tmp_path / "small", layers=[0], size=43, texts=["the flight was late"])
    small, large = tokenizer_of(tmp_path / "small"), tokenizer_of(encoder)
    text = "the flight was late and zz"
    assert small.convert_ids_to_tokens(small(text)["input_ids"]) == large.convert_ids_to_tokens(
        large(text)["input_ids"]
    )
    assert "▁слово" not in small.get_vocab()
    old, new = build(str(encoder)), build(str(tmp_path / "small"))
    first = old.encoder.embeddings.word_embeddings.weight[large.convert_tokens_to_ids("▁late")]
    second = new.encoder.embeddings.word_embeddings.weight[small.convert_tokens_to_ids("▁late")]
    assert torch.equal(first, second)
    assert new.encoder.config.num_hidden_layers == 1


def test_pieces_are_chosen_in_their_old_order() -> None:
    pieces = [
        ("<s>", 0.0),
        ("<pad>", 0.0),
        ("</s>", 0.0),
        ("<unk>", 0.0),
        ("▁rare", -9.0),
        ("▁often", -1.0),
        ("x", -5.0),
    ]
    assert choose_pieces(pieces, frozenset(), 6) == [0, 1, 2, 3, 5, 6]
    assert choose_pieces(pieces, frozenset({"▁rare"}), 6) == [0, 1, 2, 3, 4, 6]


def test_batches_hold_every_row_once_and_mark_what_is_unknown(encoder: Path) -> None:
    examples = [*rows(Split.TRAIN, 9), Example(text="late", source="banking77", domain="b", language="en")]
    data = Tokenised(examples, tokenizer_of(encoder), 32)
    found = sorted(row for batch in by_length([len(ids) for ids in data.ids], range(10), 4, None) for row in batch)
    assert found == list(range(10))
    batch = data.batch([0, 9])
    assert batch.tasks[Task.SENTIMENT].tolist() == [0, UNKNOWN]
    assert batch.schemes[OWN_SCHEME][0].tolist() == [0]
    one, two = (next(mixture(data, {"own": 1.0}, 4, seed=1)).input_ids for _ in range(2))
    assert torch.equal(one, two)


def test_lessons_come_back_for_the_texts_that_were_taught(encoder: Path, tmp_path: Path) -> None:
    examples = rows(Split.TRAIN, 6)
    said = probabilities(logits(build(str(encoder)), Tokenised(examples, tokenizer_of(encoder), 32)))
    save_lessons(tmp_path / "lessons.npz", [example.text for example in examples], said)
    first, unknown = load_lessons(tmp_path / "lessons.npz", [examples[0].text, "never taught"])
    assert unknown is None
    assert first is not None
    assert first["sentiment"] == pytest.approx(said["sentiment"][0], abs=1e-3)
    bare = [Example(text=f"never {n}", source="banking77", domain="b", language="en") for n in range(40)]
    network_rows = [*examples, *rows(Split.VALIDATION, 6), *bare]
    recipe = replace(RECIPE, steps=4, judge_every=4, weights={"own": 1.0, "banking77": 9.0})
    train_network(
        network_rows, encoder, tmp_path / "student", recipe, lessons_file=tmp_path / "lessons.npz", say=lambda _: None
    )


def test_a_stopped_asking_goes_on_where_it_was(encoder: Path, tmp_path: Path) -> None:
    first, *_ = rows(Split.TRAIN, 1)
    examples = [replace(first, text=f"late {number}") for number in range(ASKED_AT_ONCE + 2)]
    network, names = build(str(encoder)), [example.text for example in examples]
    said = probabilities(logits(network, Tokenised(examples[:1], tokenizer_of(encoder), 32)))
    earlier = {name: np.zeros((ASKED_AT_ONCE, *array.shape[1:])) for name, array in said.items()}
    save_lessons(tmp_path / "lessons-000000.npz", names[:ASKED_AT_ONCE], earlier)
    heard: list[str] = []
    ask_teacher(network, encoder, examples, tmp_path / "lessons.npz", heard.append)
    lessons = load_lessons(tmp_path / "lessons.npz", names)
    taught_now = [lesson is not None and bool(lesson["sentiment"].any()) for lesson in lessons]
    assert taught_now == [False] * ASKED_AT_ONCE + [True] * 2
    assert heard == ["asking the teacher about 2,002 texts", "asked about 2,002 of 2,002 texts"]
    assert [path.name for path in tmp_path.glob("lessons*")] == ["lessons.npz"]


def test_the_rate_rises_then_falls() -> None:
    shares = [share_of_rate(done / 100, 0.1) for done in range(101)]
    assert max(shares) == shares[10]
    assert shares[100] == pytest.approx(0.02)


def test_thresholds_lean_on_the_prior_where_cases_are_few() -> None:
    true = np.zeros((40, 2), dtype=bool)
    true[:20, 0] = True
    true[0, 1] = True
    scores = np.where(true, 0.8, 0.6)
    chosen = best_thresholds(true, scores, prior=0.5)
    assert 0.55 < chosen[0] <= 0.8
    assert chosen[1] == 0.5


def test_another_calibration_is_another_model() -> None:
    learnt = {"temperatures": {"sentiment": 1.2}, "abstain": 0.1, "thresholds": {}, "offsets": {}}
    name = name_of(6, "a" * 64, learnt)
    assert name == name_of(6, "a" * 64, learnt | {"attention_heads": 12})
    assert name != name_of(6, "a" * 64, learnt | {"abstain": 0.2})
    assert name != name_of(6, "b" * 64, learnt)
