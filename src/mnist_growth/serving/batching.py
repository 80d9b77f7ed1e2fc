"""Dynamic batching: one forward pass for requests that arrive at the same time."""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from mnist_growth.digits import DIGIT_NAMES

Images = NDArray[np.uint8]
Probabilities = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Answer:
    """Output of a network.

    Attributes:
        probabilities: float32 [N, C].
        novelty: float64 [N], 0 to 1; None if the network has no novelty detector.
        version: Version of the network.
        class_names: Names of the C classes.
    """

    probabilities: Probabilities
    novelty: NDArray[np.float64] | None
    version: str
    class_names: tuple[str, ...] = DIGIT_NAMES

    def part(self, start: int, stop: int) -> "Answer":
        """Return the output for some of the images."""
        novelty = None if self.novelty is None else self.novelty[start:stop]
        return replace(self, probabilities=self.probabilities[start:stop], novelty=novelty)

    @staticmethod
    def joined(answers: Sequence["Answer"]) -> "Answer":
        """Put outputs of one network together."""
        scores = [answer.novelty for answer in answers if answer.novelty is not None]
        return replace(
            answers[0],
            probabilities=np.concatenate([answer.probabilities for answer in answers]),
            novelty=np.concatenate(scores) if len(scores) == len(answers) else None,
        )


class Batcher:
    """Collects images and computes them together, in the order of arrival.

    The event loop reads the requests that arrive together before it computes, so batches form by themselves and grow
    with the load. The network runs in the thread of the event loop: a batch takes a few milliseconds, and passing it to
    another thread costs more than it gains.

    Args:
        answer: Computes probabilities of images, uint8 [N, 28, 28]; called in the event loop.
        max_batch: Largest number of images in a batch.
        max_wait_seconds: How long an image waits for others if the batch is not full; 0 waits only for images that have
            already arrived.
    """

    def __init__(self, answer: Callable[[Images], Answer], max_batch: int, max_wait_seconds: float) -> None:
        self._answer = answer
        self._max_batch = max_batch
        self._max_wait_seconds = max_wait_seconds
        self._waiting: deque[tuple[Images, asyncio.Future[Answer]]] = deque()
        self._images = 0
        self._timer: asyncio.Handle | None = None

    @property
    def waiting(self) -> int:
        """Number of images in the queue."""
        return self._images

    async def __call__(self, images: Images) -> Answer:
        """Compute images, uint8 [N, 28, 28], N >= 1, in several batches if necessary."""
        parts = [
            self._submit(images[start : start + self._max_batch]) for start in range(0, len(images), self._max_batch)
        ]
        if len(parts) == 1:
            return await parts[0]
        answers = [await part for part in parts]
        if len({answer.version for answer in answers}) > 1:  # the network was replaced in between
            return await self(images)
        return Answer.joined(answers)

    def _submit(self, images: Images) -> "asyncio.Future[Answer]":
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Answer] = loop.create_future()
        self._waiting.append((images, future))
        self._images += len(images)
        if isinstance(self._timer, asyncio.TimerHandle) and self._images >= self._max_batch:
            self._timer.cancel()
            self._timer = None
        if self._timer is None:
            self._timer = self._later(loop)
        return future

    def _later(self, loop: asyncio.AbstractEventLoop) -> asyncio.Handle:
        """Compute after the waiting time, or immediately if a batch is full."""
        if self._max_wait_seconds and self._images < self._max_batch:
            return loop.call_later(self._max_wait_seconds, self._flush)
        return loop.call_soon(self._flush)

    def _flush(self) -> None:
        """Compute one batch; the rest follows after the event loop has processed its other events."""
        batch: list[tuple[Images, asyncio.Future[Answer]]] = []
        size = 0
        while self._waiting and size + len(self._waiting[0][0]) <= self._max_batch:
            images, future = self._waiting.popleft()
            self._images -= len(images)
            if not future.cancelled():  # by a timeout
                batch.append((images, future))
                size += len(images)
        self._timer = asyncio.get_running_loop().call_soon(self._flush) if self._waiting else None
        if not batch:
            return
        try:
            answer = self._answer(batch[0][0] if len(batch) == 1 else np.concatenate([images for images, _ in batch]))
        except Exception as error:
            for _, future in batch:
                future.set_exception(error)
            return
        start = 0
        for images, future in batch:
            future.set_result(answer.part(start, start + len(images)))
            start += len(images)
