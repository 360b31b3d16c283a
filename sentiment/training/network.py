"""The network: one encoder, one learned question per task and aspect, each pooling the tokens that answer it."""

from typing import Any

import torch
from torch import Tensor, nn

from sentiment.training.schemes import CLASSES, OWN_SCHEME, READ_TASKS, SCHEMES, SIGNS, Task


class ReaderNetwork(nn.Module):
    """Encoder plus heads.

    Every task and every aspect of every scheme has a query vector; its softmax over the tokens of a text gives the
    weights with which the token vectors are averaged (label-wise attention, Mullenbach et al. 2018). Zero queries are
    plain mean pooling, which is where training starts. Signs of all schemes share one linear layer.
    """

    def __init__(self, encoder: nn.Module, hidden_size: int, dropout: float = 0.1) -> None:
        super().__init__()
        self.encoder = encoder
        self.dropout = nn.Dropout(dropout)
        self.task_queries = nn.ParameterDict({task.value: nn.Parameter(torch.zeros(1, hidden_size)) for task in Task})
        self.task_heads = nn.ModuleDict({task.value: nn.Linear(hidden_size, len(CLASSES[task])) for task in Task})
        self.aspect_queries = nn.ParameterDict(
            {name: nn.Parameter(torch.zeros(len(scheme.aspects), hidden_size)) for name, scheme in SCHEMES.items()}
        )
        self.presence = nn.ParameterDict(
            {name: nn.Parameter(torch.randn(len(s.aspects), hidden_size) * 0.02) for name, s in SCHEMES.items()}
        )
        self.presence_bias = nn.ParameterDict(
            {name: nn.Parameter(torch.full((len(scheme.aspects),), -2.0)) for name, scheme in SCHEMES.items()}
        )
        self.sign = nn.Linear(hidden_size, len(SIGNS))

    def hidden(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        """Token vectors, (batch, tokens, width)."""
        state: Tensor = self.encoder(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
        return self.dropout(state)

    def pool(self, hidden: Tensor, attention_mask: Tensor, queries: Tensor) -> tuple[Tensor, Tensor]:
        """Pooled vectors (batch, queries, width) and the token weights (batch, queries, tokens)."""
        scores = torch.einsum("btd,qd->bqt", hidden, queries)
        scores = scores.masked_fill(attention_mask[:, None, :] == 0, -1e4)
        weights = scores.softmax(dim=-1)
        return torch.einsum("bqt,btd->bqd", weights, hidden), weights

    def answer(self, hidden: Tensor, attention_mask: Tensor, task: Task) -> Tensor:
        """Logits of one task, (batch, classes)."""
        pooled, _ = self.pool(hidden, attention_mask, self.task_queries[task.value])
        logits: Tensor = self.task_heads[task.value](pooled[:, 0])
        return logits

    def find(self, hidden: Tensor, attention_mask: Tensor, scheme: str) -> tuple[Tensor, Tensor, Tensor]:
        """Presence logits (batch, aspects), sign logits (batch, aspects, 3), token weights (batch, aspects, tokens)."""
        pooled, weights = self.pool(hidden, attention_mask, self.aspect_queries[scheme])
        presence = (pooled * self.presence[scheme]).sum(-1) + self.presence_bias[scheme]
        return presence, self.sign(pooled), weights

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> tuple[Tensor, ...]:
        """What is exported: logits of the read tasks in order; presence, signs and token weights of our aspects."""
        hidden = self.hidden(input_ids, attention_mask)
        answers = [self.answer(hidden, attention_mask, task) for task in READ_TASKS]
        return (*answers, *self.find(hidden, attention_mask, OWN_SCHEME))


def build(encoder_dir: str, *, dropout: float = 0.1) -> ReaderNetwork:
    """A network around the encoder in a transformers folder; its word embeddings stay as they are."""
    from transformers import AutoConfig, AutoModel

    config: Any = AutoConfig.from_pretrained(encoder_dir)
    # Dropping attention weights forces the slow attention path and gains nothing at this size.
    config.attention_probs_dropout_prob = 0.0
    encoder = AutoModel.from_pretrained(encoder_dir, config=config, attn_implementation=_attention(config))
    for name, parameter in encoder.named_parameters():
        if "word_embeddings" in name or "pooler" in name:
            parameter.requires_grad = False
    return ReaderNetwork(encoder, config.hidden_size, dropout)


def _attention(config: Any) -> str:
    return "eager" if config.model_type == "mpnet" else "sdpa"
