"""The service apart from HTTP: the network that answers, its replacement, and what it is asked."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from mnist_growth.serving import metrics
from mnist_growth.serving.batching import Answer, Batcher, Images, Probabilities
from mnist_growth.serving.config import ServingConfig
from mnist_growth.serving.model import ModelSource, ServedModel
from mnist_growth.serving.reading import decode_text, is_quick, read_image
from mnist_growth.serving.saliency import saliency

logger = logging.getLogger(__name__)

Observer = Callable[[Images, Probabilities], None]
"""Is shown every batch: images uint8 [N, 28, 28] and their probabilities float32 [N, 10]."""


class Service:
    """Answers with one network at a time.

    Attributes:
        model: The network that answers now.
        stopping: Whether the service has been asked to stop.
        observers: Are shown every batch after it was answered, in the event loop.

    Args:
        source: Where the network comes from; it is loaded here.
        config: Limits and the like.
    """

    def __init__(self, source: ModelSource, config: ServingConfig) -> None:
        self.config = config
        self.stopping = False
        self.observers: list[Observer] = []
        self._source = source
        self._reloading = asyncio.Lock()
        self._readers = ThreadPoolExecutor(max_workers=2, thread_name_prefix="read")
        self._loader = ThreadPoolExecutor(max_workers=1, thread_name_prefix="load")
        self._digit_counters = [metrics.DIGITS.labels(str(digit)) for digit in range(10)]
        self._batcher = Batcher(self._answer, config.max_batch, config.max_wait_milliseconds / 1000)
        self.model = self._warm()
        metrics.MODEL.labels(self.model.version, self.model.backend).set(1)

    async def image(self, text: str) -> NDArray[np.uint8]:
        """The image uint8 [28, 28] behind the text of a request.

        Raises:
            ValueError: There is none.
        """
        content = decode_text(text)
        max_pixels, canonical = self.config.max_pixels, self.config.canonical_form
        if is_quick(content):
            return read_image(content, max_pixels, canonical)
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._readers, read_image, content, max_pixels, canonical)

    async def images(self, texts: Sequence[str]) -> Images:
        """The images uint8 [N, 28, 28] behind several texts; other requests are answered in between.

        Raises:
            ValueError: One of them is none; the sentence begins with its number, counted from 0.
        """
        images = np.empty((len(texts), 28, 28), np.uint8)
        for number, text in enumerate(texts):
            try:
                images[number] = await self.image(text)
            except ValueError as error:
                raise ValueError(f"images[{number}]: {error}") from error
            if number % 16 == 15:
                await asyncio.sleep(0)
        return images

    async def predict(self, images: Images) -> Answer:
        """Answer images uint8 [N, 28, 28]."""
        return await self._batcher(images)

    def explain(self, image: NDArray[np.uint8], digit: int) -> NDArray[np.float32]:
        """Which pixels of an image uint8 [28, 28] speak for a digit: float32 [28, 28]."""
        return saliency(self.model.gradient, image, digit)

    async def reload(self) -> tuple[str, str]:
        """Load the network again, and answer with it from then on; what is in work is not disturbed.

        Returns:
            Version of the new network and of the one before.

        Raises:
            ValueError: There is no network, or its file is damaged; the old one stays.
            OSError: It cannot be read; the old one stays.
        """
        async with self._reloading:
            loop = asyncio.get_running_loop()
            try:
                model = await loop.run_in_executor(self._loader, self._warm)
            except Exception:
                metrics.RELOADS.labels("failed").inc()
                raise
            before, self.model = self.model, model
        metrics.RELOADS.labels("done").inc()
        metrics.MODEL.labels(before.version, before.backend).set(0)
        metrics.MODEL.labels(model.version, model.backend).set(1)
        logger.info("Answering with %s, before with %s", model.version, before.version)
        return model.version, before.version

    def close(self) -> None:
        """Give the threads back."""
        self._readers.shutdown(wait=False, cancel_futures=True)
        self._loader.shutdown(wait=False, cancel_futures=True)

    def _warm(self) -> ServedModel:
        """Load the network and use it once, so that the first request does not wait for what is done only once."""
        model = self._source()
        model.predict(np.zeros((1, 28, 28), np.uint8))
        return model

    def _answer(self, images: Images) -> Answer:
        model = self.model
        probabilities = model.predict(images)
        metrics.BATCH.observe(len(images))
        for digit in probabilities.argmax(axis=1).tolist():
            self._digit_counters[digit].inc()
        for observe in self.observers:
            observe(images, probabilities)
        return Answer(probabilities, model.version)
