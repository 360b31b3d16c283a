"""The large teacher: fitted on the same labels, then asked about every text that customers wrote, labelled or not."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from sentiment.training.batches import Tokenised
from sentiment.training.data import Example, Split
from sentiment.training.fit import Recipe
from sentiment.training.network import ReaderNetwork
from sentiment.training.predict import logits, probabilities
from sentiment.training.teaching import join_lessons, save_lessons
from sentiment.training.train import tokenizer_of, train_network

TEACHER_WEIGHTS = {
    "own": 8.0, "relabelled": 16.0, "semeval2017": 4.0, "airline": 2.5, "umsab": 1.5, "fabsa": 0.8, "semeval": 0.4,
    "mams": 0.3, "oats": 0.4, "phrases": 0.5, "written": 2.0, "corrections": 4.0,
}  # fmt: skip
TEACHER = Recipe(
    steps=3000,
    weights=TEACHER_WEIGHTS,
    encoder_rate=8e-5,
    head_rate=1e-3,
    layer_decay=0.9,
    warm_up=0.08,
    average=0.995,
    judge_every=1000,
    frozen_layers=4,
    longest=112,
)
TAUGHT = {
    "own": 10_000, "relabelled": 30_000, "written": 10_000, "airline": 10_000, "fabsa": 10_000, "oats": 15_000,
    "semeval": 7_000, "semeval2017": 10_000,
}  # fmt: skip
"""How many training texts of each source, beyond those of the sources before it, the teacher is asked about."""
ASKED_AT_ONCE = 2_000
"""So many texts are asked about and kept before the next; a stopped run loses no more than that."""
TAUGHT_WEIGHTS = {"airline": 3.5, "fabsa": 2.5, "oats": 1.0, "semeval": 1.2}
"""How often the student sees the sources whose texts had no labels of our kind before the teacher gave them."""


def spelled_out(examples: Sequence[Example]) -> list[Example]:
    """The examples with emoji written as words, for encoders whose vocabulary has none."""
    from emoji import demojize

    return [replace(example, text=demojize(example.text, delimiters=(" ", " "))) for example in examples]


def train_teacher(
    examples: Sequence[Example],
    encoder_dir: Path,
    out_dir: Path,
    recipe: Recipe = TEACHER,
    say: Callable[[str], None] = print,
) -> ReaderNetwork:
    """Fit the teacher on the English examples (its encoder knows no other language)."""
    english = [example for example in examples if example.language == "en"]
    return train_network(spelled_out(english), encoder_dir, out_dir, recipe, say=say)


def ask_teacher(
    network: ReaderNetwork,
    encoder_dir: Path,
    examples: Sequence[Example],
    path: Path,
    say: Callable[[str], None] = print,
) -> None:
    """Write the teacher's probabilities for the taught training texts to `path` (npz); a stopped run goes on."""
    asked: dict[str, Example] = {}
    for source, most in TAUGHT.items():
        full = len(asked) + most
        for example in examples:
            wanted = example.split is Split.TRAIN and example.language == "en" and example.source == source
            if wanted and len(asked) < full:
                asked.setdefault(example.text, example)
    rows = list(asked.values())
    say(f"asking the teacher about {len(rows):,} texts")
    tokenizer = tokenizer_of(encoder_dir)
    parts: list[Path] = []
    for start in range(0, len(rows), ASKED_AT_ONCE):
        some = rows[start : start + ASKED_AT_ONCE]
        parts.append(path.with_name(f"lessons-{start:06}.npz"))
        if not parts[-1].is_file():
            data = Tokenised(spelled_out(some), tokenizer, TEACHER.longest)
            save_lessons(parts[-1], [example.text for example in some], probabilities(logits(network, data)))
            say(f"asked about {start + len(some):,} of {len(rows):,} texts")
    join_lessons(parts, path)
