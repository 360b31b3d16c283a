"""The shipped classifier: a small transformer in ONNX that answers every question in one pass.

Texts are cut by the `tokenizers` library, the engine under transformers' fast tokenizers: the same token numbers from
the same tokenizer.json, loaded in a twentieth of the time and a third of the memory.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

import structlog

from sentiment.classifiers.combine import Language, combine, nothing_said
from sentiment.classifiers.engine import Engine
from sentiment.classifiers.errors import ModelMissing, ModelUnusable
from sentiment.classifiers.settings import load_settings
from sentiment.classifiers.windows import Window, cut, parts, readable, says_something
from sentiment.language import language_of
from sentiment.reading import Reading

SHIPPED = Path(__file__).parent.parent / "model"
CHUNK_CHARACTERS = 400_000
"""Texts are read in groups of about this many characters, so that memory does not grow with the list."""

log = structlog.get_logger("groundswell.classifier")


class OnnxClassifier:
    """Reads texts with a model's folder: model.onnx, tokenizer.json, reader.json."""

    def __init__(self, folder: Path = SHIPPED, threads: int | None = None) -> None:
        from tokenizers import Tokenizer

        self.settings = load_settings(folder)
        self.engine = Engine(folder / "model.onnx", threads)
        tokenizer_file = folder / "tokenizer.json"
        if not tokenizer_file.is_file():
            raise ModelMissing(f"{tokenizer_file}: not there; it belongs to model.onnx beside it")
        try:
            self.tokenizer = Tokenizer.from_file(str(tokenizer_file))
        except Exception as problem:
            raise ModelUnusable(f"{tokenizer_file}: not a tokenizer that can be loaded ({problem})") from problem
        self._try()

    def _try(self) -> None:
        """One short text: files that do not belong together show here, not in the first thousand mentions."""
        wanted: dict[str, tuple[int, ...]] = {task: (len(of),) for task, of in self.settings.classes.items()}
        wanted |= {"presence": (len(self.settings.aspects),), "signs": (len(self.settings.aspects), 3)}
        try:
            (said,) = self.engine.run([window.tokens for window in self._windows(["ok"])[0]])
        except Exception as problem:
            raise ModelUnusable(f"{self.settings.name}: its files do not belong together ({problem})") from problem
        if wrong := sorted(name for name, shape in wanted.items() if name not in said or said[name].shape != shape):
            raise ModelUnusable(f"{self.settings.name}: reader.json and model.onnx differ about {', '.join(wrong)}")

    @property
    def name(self) -> str:
        """The model's name with a mark of its weights, kept with every reading."""
        return self.settings.name

    def read(self, texts: Sequence[str], languages: Sequence[str | None] | None = None) -> list[Reading]:
        """One reading a text, in order; `languages` as the sources declared them (ISO 639-1), None where unknown."""
        declared = languages if languages is not None else [None] * len(texts)
        readings: list[Reading] = []
        for low, high in _chunks(texts):
            readings.extend(self._read(texts[low:high], declared[low:high]))
        return readings

    def _read(self, texts: Sequence[str], declared: Sequence[str | None]) -> list[Reading]:
        clean = [readable(text) if says_something(text) else "" for text in texts]
        windows = self._windows(clean)
        outputs = iter(self.engine.run([window.tokens for each in windows for window in each]))
        readings = []
        for text, each, told in zip(clean, windows, declared, strict=True):
            code = language_of(text, told)
            language = Language(code=code, validated=code in self.settings.languages)
            said = [next(outputs) for _ in each]
            readings.append(
                combine(text, each, said, self.settings, language) if each else nothing_said(self.settings, language)
            )
        return readings

    def _windows(self, texts: Sequence[str]) -> list[list[Window]]:
        pieces = [
            (place, span) for place, text in enumerate(texts) for span in parts(text) if text[slice(*span)].strip()
        ]
        encodings = self.tokenizer.encode_batch(
            [texts[place][slice(*span)] for place, span in pieces], add_special_tokens=False
        )
        windows: list[list[Window]] = [[] for _ in texts]
        for (place, (start, end)), encoding in zip(pieces, encodings, strict=True):
            spans = [(start + low, start + high) for low, high in encoding.offsets]
            windows[place].extend(cut(texts[place], encoding.ids, spans, self.settings.longest))
            if start > 0:
                log.info("read at beginning and end only", characters=end)
        return windows


def _chunks(texts: Sequence[str]) -> Iterator[tuple[int, int]]:
    low = size = 0
    for place, text in enumerate(texts):
        if size and size + len(text) > CHUNK_CHARACTERS:
            yield low, place
            low, size = place, 0
        size += len(text)
    if low < len(texts):
        yield low, len(texts)
