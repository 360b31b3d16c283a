"""Fitting a network: steps, a slowly moving average of the weights, checkpoints, and when to stop."""

import json
import math
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn

from sentiment.training.batches import Batch, Tokenised, mixture
from sentiment.training.losses import loss_of
from sentiment.training.network import ReaderNetwork


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """Everything that decides how a run goes, written to its log."""

    steps: int
    weights: dict[str, float]
    batch_size: int = 32
    encoder_rate: float = 2e-4
    head_rate: float = 1e-3
    layer_decay: float = 0.95
    warm_up: float = 0.06
    smoothing: float = 0.05
    lesson_share: float = 1.0
    average: float = 0.998
    weight_decay: float = 0.01
    judge_every: int = 500
    patience: int = 6
    seed: int = 20
    longest: int = 128
    frozen_layers: int = 0
    minutes: float | None = None


def parameter_groups(network: ReaderNetwork, recipe: Recipe) -> list[dict[str, Any]]:
    """Heads learn fast, upper layers slower, lower layers slowest."""
    layers = network.encoder.config.num_hidden_layers
    groups: list[dict[str, Any]] = []
    for name, parameter in network.named_parameters():
        if not parameter.requires_grad:
            continue
        if not name.startswith("encoder."):
            rate = recipe.head_rate
        else:
            depth = int(name.split("layer.")[1].split(".")[0]) + 1 if "layer." in name else 0
            rate = recipe.encoder_rate * recipe.layer_decay ** (layers - depth)
        groups.append({"params": [parameter], "lr": rate, "initial_lr": rate})
    return groups


def freeze(network: ReaderNetwork, layers: int) -> None:
    """Keep the embeddings and the lowest layers as they are; torch then skips their gradients."""
    if layers <= 0:
        return
    for name, parameter in network.encoder.named_parameters():
        low = "layer." in name and int(name.split("layer.")[1].split(".")[0]) < layers
        if low or name.startswith("embeddings"):
            parameter.requires_grad = False


def share_of_rate(done: float, warm_up: float) -> float:
    """Linear up, then linear down to a fiftieth; `done` is the part of the run that is behind, 0 to 1."""
    if done < warm_up:
        return max(0.02, done / warm_up)
    return max(0.02, (1 - done) / (1 - warm_up))


class Averaged:
    """Exponential moving average of the trainable weights; what is judged, kept and exported."""

    def __init__(self, network: nn.Module, decay: float) -> None:
        self.decay = decay
        self.weights = {n: p.detach().clone() for n, p in network.named_parameters() if p.requires_grad}

    @torch.no_grad()
    def update(self, network: nn.Module, step: int) -> None:
        """Move towards the network; early steps move further, so that the start is forgotten."""
        decay = min(self.decay, (1 + step) / (10 + step))
        named = [(self.weights[n], p.detach()) for n, p in network.named_parameters() if n in self.weights]
        torch._foreach_lerp_([mean for mean, _ in named], [now for _, now in named], 1 - decay)

    @torch.no_grad()
    def swap(self, network: nn.Module) -> None:
        """Exchange the network's weights with the average; swapping twice restores both."""
        for name, parameter in network.named_parameters():
            if name in self.weights:
                kept = parameter.detach().clone()
                parameter.copy_(self.weights[name])
                self.weights[name] = kept


def fit(
    network: ReaderNetwork,
    data: Tokenised,
    recipe: Recipe,
    out_dir: Path,
    *,
    judge: Callable[[ReaderNetwork], dict[str, float]],
    say: Callable[[str], None],
    clock: Callable[[], float] = time.monotonic,
) -> dict[str, float]:
    """Train until the steps, the minutes or the patience run out; leave the best weights in the network and on disk.

    `judge` returns figures of which `score` decides. A run that was killed goes on from `out_dir`/checkpoint.pt.
    """
    out_dir.mkdir(parents=True, exist_ok=True)
    (out_dir / "recipe.json").write_text(json.dumps(asdict(recipe), indent=1), encoding="utf-8")
    torch.manual_seed(recipe.seed)
    freeze(network, recipe.frozen_layers)
    optimizer = torch.optim.AdamW(parameter_groups(network, recipe), weight_decay=recipe.weight_decay, fused=True)
    average = Averaged(network, recipe.average)
    state: dict[str, Any] = {"step": 0, "best": -math.inf, "worse": 0, "figures": {}, "minutes": 0.0}
    _resume(out_dir, network, optimizer, average, state)
    stream = _from_step(mixture(data, recipe.weights, recipe.batch_size, recipe.seed), state["step"])
    # Minutes of earlier stretches count, so that the rate goes on falling where a stopped run left it.
    started, running = clock() - 60 * state["minutes"], 0.0
    for step in range(state["step"], recipe.steps):
        done = _part_done(step, (clock() - started) / 60, recipe)
        running += _one_step(network, next(stream), optimizer, recipe, done)
        average.update(network, step)
        spent = (clock() - started) / 60
        last = step + 1 == recipe.steps or (recipe.minutes is not None and spent > recipe.minutes)
        if (step + 1) % 50 == 0:
            say(f"step {step + 1}/{recipe.steps}  loss {running / 50:.3f}  {spent:.1f} min")
            running = 0.0
        if (step + 1) % recipe.judge_every == 0 or last:
            average.swap(network)
            figures = judge(network)
            said = "  ".join(f"{name} {value:.3f}" for name, value in figures.items())
            say(f"judged after {step + 1}: {said}")
            _keep_best(network, figures, state, out_dir, step + 1)
            average.swap(network)
            state.update(step=step + 1, minutes=(clock() - started) / 60)
            _checkpoint(out_dir, network, optimizer, average, state)
        if last or state["worse"] > recipe.patience:
            break
    network.load_state_dict(torch.load(out_dir / "best.pt", weights_only=True), strict=False)
    best: dict[str, float] = state["figures"]
    return best


def _part_done(step: int, spent: float, recipe: Recipe) -> float:
    """Whichever is nearer to its end, steps or minutes: on a busy machine the rate must still have fallen in time."""
    return max(step / recipe.steps, spent / recipe.minutes if recipe.minutes else 0.0)


def _one_step(
    network: ReaderNetwork, batch: Batch, optimizer: torch.optim.Optimizer, recipe: Recipe, done: float
) -> float:
    network.train()
    share = share_of_rate(done, recipe.warm_up)
    for group in optimizer.param_groups:
        group["lr"] = group["initial_lr"] * share
    with torch.autocast("cpu", torch.bfloat16, enabled=has_bf16()):
        loss = loss_of(network, batch, recipe.smoothing, recipe.lesson_share)
    loss.backward()
    nn.utils.clip_grad_norm_([p for p in network.parameters() if p.requires_grad], 1.0, foreach=True)
    optimizer.step()
    optimizer.zero_grad(set_to_none=True)
    return float(loss.detach())


def has_bf16() -> bool:
    """Whether this processor multiplies bfloat16 itself; without that the format is slower than float32."""
    capabilities = getattr(torch.cpu, "_is_avx512_bf16_supported", None)
    return bool(capabilities and capabilities())


def _keep_best(
    network: ReaderNetwork, figures: dict[str, float], state: dict[str, Any], out_dir: Path, step: int
) -> None:
    with (out_dir / "log.jsonl").open("a", encoding="utf-8") as log:
        log.write(json.dumps({"step": step, **figures}) + "\n")
    state["worse"] += 1
    if figures["score"] > state["best"]:
        state.update(best=figures["score"], worse=0, figures=figures)
        trainable = {n: p.detach().clone() for n, p in network.named_parameters() if p.requires_grad}
        torch.save(trainable, out_dir / "best.tmp")
        (out_dir / "best.tmp").replace(out_dir / "best.pt")


def _checkpoint(out_dir: Path, network: nn.Module, optimizer: Any, average: Averaged, state: dict[str, Any]) -> None:
    trainable = {n: p for n, p in network.named_parameters() if p.requires_grad}
    parts = {"network": trainable, "optimizer": optimizer.state_dict(), "average": average.weights, "state": state}
    torch.save(parts, out_dir / "checkpoint.tmp")
    (out_dir / "checkpoint.tmp").replace(out_dir / "checkpoint.pt")


def _resume(out_dir: Path, network: nn.Module, optimizer: Any, average: Averaged, state: dict[str, Any]) -> None:
    path = out_dir / "checkpoint.pt"
    if not path.is_file():
        return
    parts = torch.load(path, weights_only=True)
    network.load_state_dict(parts["network"], strict=False)
    optimizer.load_state_dict(parts["optimizer"])
    average.weights = parts["average"]
    state.update(parts["state"])


def _from_step(stream: Iterator[Batch], step: int) -> Iterator[Batch]:
    for _ in range(step):
        next(stream)
    return stream
