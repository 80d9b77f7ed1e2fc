"""The pre-norm encoder block of a transformer whose heads and feed-forward neurons can be widened."""

import contextlib

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel


def attention_kernel(device: torch.device) -> contextlib.AbstractContextManager[None]:
    """Return a context with the fastest kernel for few tokens.

    On the CPU the backward pass of the fused kernel is up to ten times slower in bfloat16, and has no derivative.
    """
    return sdpa_kernel(SDPBackend.MATH) if device.type == "cpu" else contextlib.nullcontext()


class Attention(nn.Module):
    """x + W softmax(Q K^T / sqrt(d)) V of all heads, with Q, K and V from layer norm(x) (Vaswani et al. 2017, 3.2).

    The rows of ``projections`` are, for one head after the other, those of its queries, keys and values: a head is one
    run of rows there, and one run of columns in ``output``.

    Args:
        stream: Entries of a token.
        heads: Number of heads.
        head_width: Entries of the queries, keys and values of a head, d.
    """

    def __init__(self, stream: int, heads: int, head_width: int) -> None:
        super().__init__()
        self.heads = heads
        self.head_width = head_width
        self.norm = nn.LayerNorm(stream)
        self.projections = nn.Linear(stream, 3 * heads * head_width)
        self.output = nn.Linear(heads * head_width, stream)

    def forward(self, stream: Tensor) -> Tensor:
        """Map tokens [N, T, stream] to tokens [N, T, stream]."""
        queries, keys, values = self.heads_of(self.norm(stream))
        with attention_kernel(stream.device):
            mixed = F.scaled_dot_product_attention(queries, keys, values)  # [N, heads, T, head_width]
        changed: Tensor = stream + self.output(mixed.transpose(1, 2).flatten(2))
        return changed

    def weights(self, stream: Tensor) -> Tensor:
        """Return softmax(Q K^T / sqrt(d)), float [N, heads, T, T], of tokens [N, T, stream]."""
        queries, keys, _ = self.heads_of(self.norm(stream))
        return torch.softmax(queries @ keys.transpose(2, 3) / self.head_width**0.5, dim=3)

    def heads_of(self, tokens: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return queries, keys and values, each [N, heads, T, head_width], of normalised tokens [N, T, stream]."""
        projected: Tensor = self.projections(tokens)
        split = projected.view(*tokens.shape[:2], self.heads, 3, self.head_width)
        queries, keys, values = split.permute(3, 0, 2, 1, 4).unbind()
        return queries, keys, values


class FeedForward(nn.Module):
    """x + W2 relu(W1 layer norm(x) + b1) + b2, for each token on its own.

    Args:
        stream: Entries of a token.
        neurons: Number of hidden units.
    """

    def __init__(self, stream: int, neurons: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(stream)
        self.hidden = nn.Linear(stream, neurons)
        self.output = nn.Linear(neurons, stream)

    def forward(self, stream: Tensor) -> Tensor:
        """Map tokens [N, T, stream] to tokens [N, T, stream]."""
        changed: Tensor = stream + self.output(torch.relu(self.hidden(self.norm(stream))))
        return changed


class Block(nn.Module):
    """A pre-norm encoder block (Xiong et al. 2020): attention, then the feed-forward layer."""

    def __init__(self, stream: int, heads: int, head_width: int, neurons: int) -> None:
        super().__init__()
        self.attention = Attention(stream, heads, head_width)
        self.feed_forward = FeedForward(stream, neurons)

    def forward(self, stream: Tensor) -> Tensor:
        """Map tokens [N, T, stream] to tokens [N, T, stream]."""
        changed: Tensor = self.feed_forward(self.attention(stream))
        return changed
