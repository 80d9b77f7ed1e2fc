"""What the updates of an epoch take, laid out on a GPU before the epoch begins."""

from collections.abc import Sequence

import torch
from torch import Tensor

from mnist_growth.training.pace import Pace


class EpochSchedule:
    """The images of every batch of an epoch, and the numbers of every update, in memory that stays where it is.

    Each ``take`` reads the next row. Nothing comes from the host, so updates that take from here can be recorded as
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

    def take(self) -> tuple[Tensor, Pace, Tensor]:
        """Return the images of the next batch, int64 [B], its pace, and the share of the old average to keep."""
        chosen = self._chosen.index_select(0, self._position).squeeze(0)
        *pace, kept = self._numbers.index_select(0, self._position).squeeze(0).unbind()
        self._position += 1
        return chosen, Pace(*pace), kept
