"""What reading costs: ours against a transformers pipeline of RoBERTa-base size and VADER, same texts, same run.

    python tests/benchmarks/classifier.py [--texts 1000] [--pipeline-texts 96] [--threads 2]

The rival's weights are random: cost does not depend on what they know. It needs torch (extra hub) and is left out
without it. Each reader runs in a process of its own, so that start-up and memory are its own. Printed are texts a
second, milliseconds for one text, seconds from start to the first answer, peak memory, and ratios to the pipeline.
"""

import argparse
import json
import random
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

Read = Callable[[list[str]], object]
GOLD = Path(__file__).parent.parent / "data" / "gold"


def texts(count: int, sentences: int, seed: int = 3) -> list[str]:
    """Texts of a few gold sentences each, all different."""
    rng = random.Random(seed)
    lines = [json.loads(line)["text"] for file in sorted(GOLD.glob("*.jsonl")) for line in file.open(encoding="utf-8")]
    return [" ".join(rng.sample(lines, rng.randint(1, 2 * sentences - 1))) for _ in range(count)]


def ours(threads: int) -> Read:
    from sentiment.classifiers import load_classifier

    return load_classifier("shipped", threads=threads).read


def vader(threads: int) -> Read:
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

    analyzer = SentimentIntensityAnalyzer()
    return lambda batch: [analyzer.polarity_scores(text) for text in batch]


def pipeline(threads: int) -> Read:
    import torch
    from transformers import (
        PreTrainedTokenizerFast,
        RobertaConfig,
        RobertaForSequenceClassification,
        TextClassificationPipeline,
    )

    from sentiment.classifiers.onnx import SHIPPED

    torch.set_num_threads(threads)
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_file=str(SHIPPED / "tokenizer.json"),
        pad_token="<pad>",
        unk_token="<unk>",
        cls_token="<s>",
        sep_token="</s>",
        model_max_length=512,
    )
    config = RobertaConfig(vocab_size=max(50265, len(tokenizer)), max_position_embeddings=514, num_labels=3)
    network = RobertaForSequenceClassification(config).eval()
    reader = TextClassificationPipeline(model=network, tokenizer=tokenizer, batch_size=32, top_k=None)
    return lambda batch: reader(batch, truncation=True)


READERS = {"ours": ours, "pipeline": pipeline, "vader": vader}


def measure(name: str, threads: int, counts: dict[str, int]) -> dict[str, float]:
    """One reader's figures; runs in a process of its own."""
    import resource

    began = time.perf_counter()
    read = READERS[name](threads)
    read(["The crew was lovely, but we landed three hours late."])
    found = {"start_s": time.perf_counter() - began}
    for kind, sentences in (("short", 1), ("long", 6)):
        batch = texts(counts[kind], sentences)
        began = time.perf_counter()
        read(batch)
        found[f"{kind}_per_s"] = len(batch) / (time.perf_counter() - began)
    began = time.perf_counter()
    for text in texts(20, 1, seed=9):
        read([text])
    found["one_text_ms"] = 1000 * (time.perf_counter() - began) / 20
    found["peak_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return found


def main() -> None:
    """Measure every reader and print the table."""
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--texts", type=int, default=1000)
    arguments.add_argument("--pipeline-texts", type=int, default=96)
    arguments.add_argument("--threads", type=int, default=2)
    arguments.add_argument("--one", choices=sorted(READERS))
    given = arguments.parse_args()
    if given.one:
        count = given.pipeline_texts if given.one == "pipeline" else given.texts
        print(json.dumps(measure(given.one, given.threads, {"short": count, "long": max(16, count // 4)})))
        return
    found: dict[str, dict[str, float]] = {}
    for name in READERS:
        command = [sys.executable, __file__, *sys.argv[1:], "--one", name]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode == 0:
            found[name] = json.loads(done.stdout.splitlines()[-1])
        else:
            print(f"{name}: left out ({done.stderr.strip().splitlines()[-1]})")
    columns = ("short_per_s", "long_per_s", "one_text_ms", "start_s", "peak_mb")
    print(f"{'':10}" + "".join(f"{column:>14}" for column in columns))
    for name, figures in found.items():
        print(f"{name:10}" + "".join(f"{figures[column]:14.2f}" for column in columns))
    if "pipeline" in found:
        for column in ("short_per_s", "long_per_s"):
            print(f"ours / pipeline, {column}: {found['ours'][column] / found['pipeline'][column]:.1f}")


if __name__ == "__main__":
    main()
