"""How a large multilingual encoder becomes a small one: fewer vocabulary pieces, fewer layers."""

import json
import shutil
import unicodedata
from collections.abc import Sequence
from pathlib import Path
from typing import Any

SPECIAL_PIECES = 4
SPECIAL_NAMES = {
    "bos_token": "<s>", "eos_token": "</s>", "cls_token": "<s>", "sep_token": "</s>", "pad_token": "<pad>",
    "unk_token": "<unk>",
}  # fmt: skip
SCRIPTS_KEPT = ("LATIN", "ARABIC", "DEVANAGARI", "DIGIT", "FULLWIDTH DIGIT")
SPACE = "\u2581"


def wanted_piece(piece: str) -> bool:
    """Whether every letter of the piece belongs to a script that the product reads; symbols and emoji always do."""
    return all(not char.isalpha() or _script_kept(char) for char in piece.replace(SPACE, ""))


def _script_kept(char: str) -> bool:
    return unicodedata.name(char, "").startswith(SCRIPTS_KEPT)


def choose_pieces(pieces: Sequence[tuple[str, float]], used: frozenset[str], size: int) -> list[int]:
    """Indices of the pieces to keep, in their old order.

    Kept are the special pieces, every single character, every piece that the training texts use, and then the
    likeliest remaining pieces of the wanted scripts until `size` is reached. Scores are untouched, so a text whose
    best segmentation uses kept pieces only is cut exactly as before.
    """
    must = {
        index
        for index, (piece, _) in enumerate(pieces)
        if index < SPECIAL_PIECES or len(piece.replace(SPACE, "")) <= 1 or piece in used
    }
    likeliest = sorted(range(SPECIAL_PIECES, len(pieces)), key=lambda index: -pieces[index][1])
    for index in likeliest:
        if len(must) >= size:
            break
        if wanted_piece(pieces[index][0]):
            must.add(index)
    return sorted(must)


def pieces_used(tokenizer_file: Path, texts: Sequence[str]) -> frozenset[str]:
    """The vocabulary pieces that the texts are cut into."""
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(tokenizer_file))
    seen: set[str] = set()
    for start in range(0, len(texts), 2048):
        for encoding in tokenizer.encode_batch(list(texts[start : start + 2048])):
            seen.update(encoding.tokens)
    return frozenset(seen)


def shrink(source: Path, target: Path, *, layers: Sequence[int], size: int, texts: Sequence[str]) -> None:
    """Write to `target` a copy of the BERT-shaped encoder in `source` with the given layers and about `size` pieces.

    Both are folders in the transformers layout; the tokenizer must be a fast Unigram one.
    """
    from safetensors.torch import load_file, save_file

    target.mkdir(parents=True, exist_ok=True)
    tokenizer = json.loads((source / "tokenizer.json").read_text(encoding="utf-8"))
    config: dict[str, Any] = json.loads((source / "config.json").read_text(encoding="utf-8"))
    pieces = [(piece, score) for piece, score in tokenizer["model"]["vocab"]]
    kept = choose_pieces(pieces, pieces_used(source / "tokenizer.json", texts), size)
    tokenizer["model"]["vocab"] = [pieces[index] for index in kept]
    (target / "tokenizer.json").write_text(json.dumps(tokenizer, ensure_ascii=False), encoding="utf-8")

    weights = load_file(str(source / "model.safetensors"))
    small = {name: tensor for name, tensor in weights.items() if not name.startswith("encoder.layer.")}
    small["embeddings.word_embeddings.weight"] = weights["embeddings.word_embeddings.weight"][kept]
    for new, old in enumerate(layers):
        prefix = f"encoder.layer.{old}."
        for name, tensor in weights.items():
            if name.startswith(prefix):
                small[f"encoder.layer.{new}." + name.removeprefix(prefix)] = tensor
    contiguous = {name: tensor.contiguous() for name, tensor in small.items()}
    save_file(contiguous, str(target / "model.safetensors"), metadata={"format": "pt"})
    config.update(num_hidden_layers=len(layers), vocab_size=len(kept))
    (target / "config.json").write_text(json.dumps(config, indent=1), encoding="utf-8")
    shutil.copy(source / "tokenizer_config.json", target / "tokenizer_config.json")
