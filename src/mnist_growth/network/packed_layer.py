"""Affine maps with quantised weights, which their state holds as packed integers, and quantised activations."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from mnist_growth.network.packing import decode

LARGEST_ACTIVATION = 255
"""Largest code of an activation: 8 bits without a sign, because relu comes before."""

WeightBits = Literal[2, 4, 8]


@dataclass(frozen=True, eq=False)
class QuantisedLayer:
    """An affine map with quantised weights.

    Attributes:
        codes: int8 [fan_out, fan_in]; a weight is its code times the step of its row.
        steps: float32 [fan_out].
        bias: float32 [fan_out].
        bits: Of each code.
    """

    codes: NDArray[np.int8]
    steps: NDArray[np.float32]
    bias: NDArray[np.float32]
    bits: WeightBits


class PackedLinear(nn.Linear):
    """An affine map whose state is packed codes and steps; the weights are decoded when the state is loaded."""

    def __init__(self, shape: tuple[int, int], bits: WeightBits, code_bytes: int, mask_bytes: int) -> None:
        super().__init__(shape[1], shape[0])
        self.bits = bits
        self.codes: Tensor
        self.mask: Tensor
        self.steps: Tensor
        self.register_buffer("codes", torch.zeros(code_bytes, dtype=torch.uint8))
        self.register_buffer("mask", torch.zeros(mask_bytes, dtype=torch.uint8))
        self.register_buffer("steps", torch.ones(shape[0]))

    def integers(self) -> NDArray[np.int8]:
        """Return the codes, int8 [fan_out, fan_in]."""
        return _decoded(self.codes, self.mask, self.weight.shape, self.bits)

    def _save_to_state_dict(self, destination: dict[str, Any], prefix: str, keep_vars: bool) -> None:
        super()._save_to_state_dict(destination, prefix, keep_vars)
        del destination[f"{prefix}weight"]

    def _load_from_state_dict(self, state_dict: dict[str, Any], prefix: str, *arguments: Any) -> None:
        codes, mask, steps = (state_dict[f"{prefix}{name}"] for name in ("codes", "mask", "steps"))
        weights = _decoded(codes, mask, self.weight.shape, self.bits)
        decoded = torch.from_numpy(weights).to(steps) * steps[:, None]
        super()._load_from_state_dict({**state_dict, f"{prefix}weight": decoded}, prefix, *arguments)


def quantise_activations(activations: Tensor, step: Tensor) -> Tensor:
    """Return activations, float [N, width] >= 0, rounded to multiples of a step, 0 to 255 times the step.

    The gradient passes where they are not clipped, and the step has the gradient of Esser et al. (2020), equation 3.
    """
    scaled = (activations / step).clamp(0, LARGEST_ACTIVATION)
    return (scaled + (scaled.round() - scaled).detach()) * step


def _decoded(codes: Tensor, mask: Tensor, shape: Sequence[int], bits: int) -> NDArray[np.int8]:
    return decode(codes.cpu().numpy().tobytes(), mask.cpu().numpy().tobytes(), shape, bits)
