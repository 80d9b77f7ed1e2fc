"""Requests that come together are answered together."""

import asyncio

import numpy as np
import pytest
from numpy.typing import NDArray

from mnist_growth.serving.batching import Answer, Batcher


class Network:
    """Answers with the number that an image's pixels have; remembers the sizes of the batches."""

    def __init__(self) -> None:
        self.sizes: list[int] = []
        self.version = "1"
        self.failure: Exception | None = None
        self.is_scoring = True

    def __call__(self, images: NDArray[np.uint8]) -> Answer:
        if self.failure is not None:
            raise self.failure
        self.sizes.append(len(images))
        return Answer(images[:, 0, :10].astype(np.float32), self.novelty(images), self.version)

    def novelty(self, images: NDArray[np.uint8]) -> NDArray[np.float64] | None:
        return images[:, 0, 0] / 255 if self.is_scoring else None


def image(number: int, count: int = 1) -> NDArray[np.uint8]:
    return np.full((count, 28, 28), number, np.uint8)


async def ask(batcher: Batcher, numbers: range) -> list[float]:
    answers = await asyncio.gather(*(batcher(image(number)) for number in numbers))
    return [float(answer.probabilities[0, 0]) for answer in answers]


def test_each_gets_its_own_answer_and_batches_are_as_large_as_allowed() -> None:
    network = Network()
    found = asyncio.run(ask(Batcher(network, max_batch=8, max_wait_seconds=0), range(20)))
    assert found == list(range(20))
    assert network.sizes == [8, 8, 4]


def test_one_alone_does_not_wait() -> None:
    network = Network()
    assert asyncio.run(ask(Batcher(network, max_batch=8, max_wait_seconds=0), range(3, 4))) == [3]


def test_a_wait_lets_others_join() -> None:
    network = Network()

    async def one_after_another() -> None:
        batcher = Batcher(network, max_batch=8, max_wait_seconds=0.05)
        first = asyncio.create_task(batcher(image(1)))
        await asyncio.sleep(0.01)
        await asyncio.gather(first, batcher(image(2)))
        assert batcher.waiting == 0

    asyncio.run(one_after_another())
    assert network.sizes == [2]


@pytest.mark.parametrize("sizes", [(8,), (20,), (1, 7), (1, 2, 5), (5, 4)])
def test_a_full_batch_does_not_wait(sizes: tuple[int, ...]) -> None:
    network = Network()

    async def fill() -> float:
        batcher = Batcher(network, max_batch=8, max_wait_seconds=60)
        async with asyncio.timeout(30), asyncio.TaskGroup() as group:
            for size in sizes:
                group.create_task(batcher(image(size, size)))
                await asyncio.sleep(0.01)
        return batcher.waiting

    assert asyncio.run(fill()) == 0
    assert sum(network.sizes) == sum(sizes)
    assert max(network.sizes) <= 8


def test_more_images_than_a_batch_come_back_in_order() -> None:
    network = Network()
    images = np.concatenate([image(number) for number in range(20)])
    answer = asyncio.run(Batcher(network, max_batch=8, max_wait_seconds=0)(images))
    assert answer.probabilities[:, 0].tolist() == list(range(20))
    assert max(network.sizes) <= 8


def test_all_images_of_a_request_are_answered_by_one_network() -> None:
    network = Network()

    async def replace_in_between() -> Answer:
        batcher = Batcher(network, max_batch=8, max_wait_seconds=0)
        task = asyncio.create_task(batcher(image(1, count=20)))
        while not network.sizes:
            await asyncio.sleep(0)
        network.version = "2"
        return await task

    answer = asyncio.run(replace_in_between())
    assert (answer.version, len(answer.probabilities)) == ("2", 20)


def test_who_has_gone_is_not_computed_for() -> None:
    network = Network()

    async def leave() -> Answer:
        batcher = Batcher(network, max_batch=8, max_wait_seconds=0.02)
        gone = asyncio.create_task(batcher(image(1)))
        stays = asyncio.create_task(batcher(image(2)))
        await asyncio.sleep(0)
        gone.cancel()
        return await stays

    assert asyncio.run(leave()).probabilities[0, 0] == 2
    assert network.sizes == [1]


def test_an_error_reaches_those_who_asked_and_no_others() -> None:
    network = Network()

    async def fail_once() -> Answer:
        batcher = Batcher(network, max_batch=8, max_wait_seconds=0)
        network.failure = RuntimeError("out of order")
        with pytest.raises(RuntimeError, match="out of order"):
            await batcher(image(1))
        network.failure = None
        return await batcher(image(2))

    assert asyncio.run(fail_once()).probabilities[0, 0] == 2


@pytest.mark.parametrize("is_scoring", [True, False])
def test_each_gets_the_novelty_of_its_own_images(is_scoring: bool) -> None:
    network = Network()
    network.is_scoring = is_scoring

    async def ask_together() -> list[Answer]:
        batcher = Batcher(network, max_batch=4, max_wait_seconds=0)
        return list(await asyncio.gather(batcher(image(3)), batcher(image(5, 2)), batcher(image(7, 6))))

    answers = asyncio.run(ask_together())
    found = [None if answer.novelty is None else answer.novelty.tolist() for answer in answers]
    expected = [[3 / 255], [5 / 255] * 2, [7 / 255] * 6]
    assert found == (expected if is_scoring else [None] * 3)
