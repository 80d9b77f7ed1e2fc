"""Using a network in evaluation mode for a while."""

import contextlib
from collections.abc import Iterator

from torch import nn


@contextlib.contextmanager
def evaluation_mode(network: nn.Module) -> Iterator[None]:
    """Put a network into evaluation mode within the context, and back into the mode it was in at the end."""
    was_training = network.training
    network.eval()
    try:
        yield
    finally:
        network.train(was_training)
