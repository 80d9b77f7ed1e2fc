"""The memory that training takes by its formula: the network and what the optimizer keeps, activations, overhead."""

from collections.abc import Sequence
from dataclasses import dataclass

from mnist_growth.network.complexity import layer_costs, parameter_count

BYTES = 4
"""Of a number in single precision."""


@dataclass(frozen=True)
class MemoryPart:
    """A part of the memory of a training.

    Attributes:
        part: what takes it.
        formula: with P parameters, A activations per image and B images at once.
        bytes: size.
    """

    part: str
    formula: str
    bytes: int


def training_memory(widths: Sequence[int], *, batch_norm: bool, images: int, overhead: int) -> list[MemoryPart]:
    """Parts of the memory of a training, largest moment of a step; their sum is what the formula says.

    Space is O(P + B A). Not in it: running statistics of batch norm, buffers within an operation, the coordinates of
    random warps, and memory that the allocator holds without using it. Where products are computed in half precision,
    activations take half as much.

    Args:
        widths: neurons of each hidden layer.
        batch_norm: whether hidden layers are normalised.
        images: that go through the network at once.
        overhead: bytes in use before the training: interpreter, libraries, digits.
    """
    parameters = parameter_count(widths, batch_norm=batch_norm)
    activations = sum(cost.activations for cost in layer_costs(widths, batch_norm=batch_norm))
    return [
        MemoryPart("overhead", "measured before the training", overhead),
        MemoryPart("weights", "4 P", BYTES * parameters),
        MemoryPart("averaged weights", "4 P", BYTES * parameters),
        MemoryPart("gradients", "4 P", BYTES * parameters),
        MemoryPart("Adam's moments", "8 P", 2 * BYTES * parameters),
        MemoryPart("activations", "4 A B", BYTES * activations * images),
    ]
