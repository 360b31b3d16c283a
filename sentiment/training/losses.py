"""How far an answer is from what was wanted, for hard labels and for a teacher's soft ones."""

import torch
from torch import Tensor, nn
from torch.nn import functional

from sentiment.training.batches import UNKNOWN, Batch
from sentiment.training.network import ReaderNetwork
from sentiment.training.schemes import OWN_SCHEME, READ_TASKS, Task

PRESENCE_WEIGHT = 0.4
"""Weight of the summed presence loss of all aspects against one task's cross entropy."""
POSITIVE_WEIGHT = 2.0
"""An aspect is absent nine times in ten; a missed one counts double while training (thresholds settle the rest)."""
TASK_WEIGHT = {
    Task.SENTIMENT: 1.0,
    Task.SATISFACTION: 0.7,
    Task.STAGE: 0.5,
    Task.INTENT: 0.5,
    Task.LOYALTY: 0.5,
    Task.STARS: 0.5,
}


def loss_of(network: ReaderNetwork, batch: Batch, smoothing: float, lesson_share: float) -> Tensor:
    """The weighted sum over all tasks, schemes and lessons that the batch has labels for."""
    hidden = network.hidden(batch.input_ids, batch.attention_mask)
    total = torch.zeros(())
    for task, target in batch.tasks.items():
        logits = network.answer(hidden, batch.attention_mask, task).float()
        known = (target != UNKNOWN).float().mean()
        loss = functional.cross_entropy(logits, target, ignore_index=UNKNOWN, label_smoothing=smoothing)
        total = total + TASK_WEIGHT[task] * known * loss
    for scheme, (rows, presence, signs) in batch.schemes.items():
        found, signed, _ = network.find(hidden[rows], batch.attention_mask[rows], scheme)
        total = total + len(rows) / len(hidden) * _aspect_loss(
            found.float(), signed.float(), presence, signs, smoothing
        )
    if batch.lesson is not None:
        rows, lesson = batch.lesson
        share = lesson_share * len(rows) / len(hidden)
        total = total + share * lesson_loss(network, hidden[rows], batch.attention_mask[rows], lesson)
    return total


def _aspect_loss(found: Tensor, signed: Tensor, presence: Tensor, signs: Tensor, smoothing: float) -> Tensor:
    weight = torch.full((found.shape[1],), POSITIVE_WEIGHT)
    loss = functional.binary_cross_entropy_with_logits(found, presence, pos_weight=weight, reduction="none")
    total: Tensor = PRESENCE_WEIGHT * loss.sum(1).mean()
    if bool((signs != UNKNOWN).any()):
        flat = functional.cross_entropy(
            signed.reshape(-1, signed.shape[-1]), signs.reshape(-1), ignore_index=UNKNOWN, label_smoothing=smoothing
        )
        total = total + 0.5 * flat
    return total


def lesson_loss(network: nn.Module, hidden: Tensor, mask: Tensor, lesson: dict[str, Tensor]) -> Tensor:
    """Cross entropy against the teacher's distributions; signs count as much as the teacher believes the aspect."""
    assert isinstance(network, ReaderNetwork)
    total = torch.zeros(())
    for task in READ_TASKS:
        wanted = lesson[task.value]
        logits = network.answer(hidden, mask, task).float()
        total = total - TASK_WEIGHT[task] * (wanted * logits.log_softmax(-1)).sum(-1).mean()
    found, signed, _ = network.find(hidden, mask, OWN_SCHEME)
    presence = lesson["presence"]
    binary = functional.binary_cross_entropy_with_logits(found.float(), presence, reduction="none")
    total = total + PRESENCE_WEIGHT * binary.sum(1).mean()
    sign_loss = -(lesson["signs"] * signed.float().log_softmax(-1)).sum(-1) * presence
    return total + 0.5 * sign_loss.sum() / presence.sum().clamp(min=1.0)
