"""What the updates of an epoch take, laid out on a GPU before the epoch begins."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from mnist_growth.training.pace import Pace


class Taken(NamedTuple):
    """What an update takes.

    Attributes:
        chosen: Images of the batch, int64 [B].
        pace: Scalar tensors.
        kept: Share of the old average that an average after the update keeps, scalar tensor.
    """

    chosen: Tensor
    pace: Pace
    kept: Tensor


class EpochSchedule:
    """The images of every batch of an epoch, and the numbers of every update, in memory that stays where it is.

    Nothing comes from the host, so updates that take from here can be recorded as
    one graph.

    Args:
        batches: Number of batches of an epoch.
        images: Images per batch.
        device: Device of the images and the network.
    """

    def __init__(self, batches: int, images: int, device: torch.device) -> None:
        self._chosen = torch.zeros(batches, images, dtype=torch.int64, device=device)
        self._numbers = torch.zeros(batches, len(Pace._fields) + 1, device=device)
        self._position = torch.zeros(1, dtype=torch.int64, device=device)

    def fill(self, order: Tensor, paces: Sequence[Pace], kept: Sequence[float], done: int) -> None:
        """Lay out an epoch.

        Args:
            order: Images of the epoch in their order, int64 [T]; those after the last batch are not used.
            paces: Pace of each batch that remains, as numbers.
            kept: For each of these, the share of the old average that an average after it keeps.
            done: Number of batches that were completed before.
        """
        self._chosen.copy_(order[: self._chosen.numel()].view_as(self._chosen))
        numbers = [[*pace, share] for pace, share in zip(paces, kept, strict=True)]
        self._numbers[done:].copy_(torch.tensor(numbers))
        self._position.fill_(done)

    def take(self, count: int) -> Iterator[Taken]:
        """Yield what the next updates take.

        Args:
            count: Number of updates.
        """
        rows = self._position + torch.arange(count, device=self._position.device)
        self._position += count
        for chosen, numbers in zip(self._chosen[rows], self._numbers[rows], strict=True):
            *pace, kept = numbers.unbind()
            yield Taken(chosen, Pace(*pace), kept)
