"""The memory of a training by its formula: the network and what the optimizer keeps, activations, overhead."""

from collections.abc import Sequence
from dataclasses import dataclass

from mnist_growth.network.costs import LayerCost

BYTES = 4
"""Of a number in single precision."""


@dataclass(frozen=True)
class MemoryPart:
    """A part of the memory of a training.

    Attributes:
        part: What takes the memory.
        formula: With P parameters, A activations per image and B images at once.
        bytes: Size.
    """

    part: str
    formula: str
    bytes: int


def training_memory(costs: Sequence[LayerCost], *, images: int, overhead: int) -> list[MemoryPart]:
    """Return the parts of the memory of a training at the largest moment of a step.

    Space is O(P + B A). Running statistics of batch norm, buffers within an operation, the coordinates of random
    warps, and memory that the allocator holds without using it are not included. Where products are computed in half
    precision, activations take half as much.

    Args:
        costs: Of each layer.
        images: Number of images that go through the network at once.
        overhead: Bytes in use before the training: interpreter, libraries, digits.
    """
    parameters = sum(cost.parameters for cost in costs)
    activations = sum(cost.activations for cost in costs)
    return [
        MemoryPart("overhead", "measured before the training", overhead),
        MemoryPart("weights", "4 P", BYTES * parameters),
        MemoryPart("averaged weights", "4 P", BYTES * parameters),
        MemoryPart("gradients", "4 P", BYTES * parameters),
        MemoryPart("Adam's moments", "8 P", 2 * BYTES * parameters),
        MemoryPart("activations", "4 A B", BYTES * activations * images),
    ]
