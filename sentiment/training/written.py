"""Customer texts written and labelled for training, in six languages: what public sets lack.

The public sets with our labels are English. These texts carry all labels in the other languages, and in English the
aspects, stages and loyalties that are rarely written about, trades that the sets lack, and near misses of aspects.
They stand in written/<name>.jsonl: lang, text, satisfaction, aspects, stage, intent, loyalty.
"""

import json
from importlib import resources

from sentiment.training.data import Example, own_example


def written() -> list[Example]:
    """All of them, for fitting only: thresholds and figures come from what the public wrote."""
    folder = resources.files("sentiment.training").joinpath("written")
    rows = [
        json.loads(line)
        for file in sorted(folder.iterdir(), key=lambda file: file.name)
        for line in file.read_text(encoding="utf-8").splitlines()
    ]
    return [own_example(row["text"], row, source="written", domain="written", language=row["lang"]) for row in rows]
