"""Which images of a batch a process computes when several processes train together."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Shard:
    """The part of a micro-batch that one process computes.

    Attributes:
        start: Index of its first image in the micro-batch.
        stop: Index after its last image.
        images: Number of images of the micro-batch in all processes together.
        is_last: Whether the batch has no further micro-batches.
    """

    start: int
    stop: int
    images: int
    is_last: bool


class Sharding:
    """Divides every micro-batch into consecutive parts of nearly equal size, one for each process.

    Attributes:
        rank: Number of this process, from 0.
        size: Number of processes.
        shard: The part of the current micro-batch that this process computes.
    """

    def __init__(self, rank: int, size: int) -> None:
        self.rank, self.size = rank, size
        self.shard = Shard(0, 0, 0, is_last=False)

    def take(self, piece: slice, batch: int) -> slice:
        """Make a micro-batch the current one, and return the part of it for this process.

        Args:
            piece: The micro-batch, as indices into the batch.
            batch: Number of images of the batch.

        Returns:
            Indices into the batch.
        """
        images = piece.stop - piece.start
        start, stop = (images * rank // self.size for rank in (self.rank, self.rank + 1))
        self.shard = Shard(start, stop, images, is_last=piece.stop == batch)
        return slice(piece.start + start, piece.start + stop)
