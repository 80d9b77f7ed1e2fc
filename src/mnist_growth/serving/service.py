"""The service without HTTP: its network, reloading, and requests."""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from mnist_growth.digits import Preparation, PreparedImage
from mnist_growth.digits.decoding import ImageTooLarge
from mnist_growth.evaluation.doubt import DoubtLimits
from mnist_growth.serving import metrics
from mnist_growth.serving.attribution import ServedMethod, attribute
from mnist_growth.serving.base64_text import decode_base64
from mnist_growth.serving.batching import Answer, Batcher, Images
from mnist_growth.serving.config import ServingConfig
from mnist_growth.serving.drift_watch import DriftState, DriftWatch
from mnist_growth.serving.forms import EncodedImage
from mnist_growth.serving.model import ModelSource, ServedModel
from mnist_growth.serving.reading import ImageLimits, is_fast_to_read, read_encoded_image, read_image
from mnist_growth.serving.schemas import classification

logger = logging.getLogger(__name__)

_READING = 4  # requests whose body is decompressed and whose images are decoded at a time: each may hold a large body
_SMALL_PIXELS = 1_000_000  # of an image that takes some ten milliseconds to read
_REDUCED_BYTES = 0  # for decoding: JPEG files that are reduced while they are decoded take some hundred milliseconds
_FAST_TEXT = 100_000  # characters of base64; longer ones are decoded in a thread, so that other requests do not wait

Read = TypeVar("Read")


class Service:
    """Serves one network at a time.

    Attributes:
        model: The current network.
        stopping: Whether the service is stopping.
        drift: Compares the images of `/predict` with the training images; starts again with every network.

    Args:
        source: Loads the network.
        config: Parameters of the service.
    """

    def __init__(self, source: ModelSource, config: ServingConfig) -> None:
        self.config = config
        self.stopping = False
        self._source = source
        self.reading = asyncio.Semaphore(_READING)
        self._reloading = asyncio.Lock()
        self._readers = ThreadPoolExecutor(max_workers=2, thread_name_prefix="read")
        self._photograph_reader = ThreadPoolExecutor(max_workers=1, thread_name_prefix="read-photograph")
        self._large_reader = ThreadPoolExecutor(max_workers=1, thread_name_prefix="read-large")
        self._loader = ThreadPoolExecutor(max_workers=1, thread_name_prefix="load")
        self._measurer = ThreadPoolExecutor(max_workers=1, thread_name_prefix="drift")
        self._batcher = Batcher(self._answer, config.max_batch, config.max_wait_milliseconds / 1000)
        self.model = self._warm()
        self.drift = DriftWatch(self.model.drift)
        metrics.MODEL.labels(self.model.version, self.model.backend).set(1)

    async def read(self, function: Callable[..., Read], *arguments: Any) -> Read:
        """Call a function that reads a request or an image, in one of the threads for that."""
        return await asyncio.get_running_loop().run_in_executor(self._readers, function, *arguments)

    async def image(self, encoded: EncodedImage) -> PreparedImage:
        """Decode the image in a request and prepare it for the network.

        Args:
            encoded: An image file or 784 grey values, or the base64 of either.

        Raises:
            ValueError: There is no image in it.
        """
        limits = ImageLimits(self.config.max_pixels, self.config.max_decoding_bytes)
        if isinstance(encoded, str) and len(encoded) > _FAST_TEXT:
            return await self._read_image(read_encoded_image, encoded, limits)
        content = decode_base64(encoded) if isinstance(encoded, str) else encoded
        if is_fast_to_read(content):
            return read_image(content, limits, self.model.preparation)
        return await self._read_image(read_image, content, limits)

    async def _read_image(
        self, function: Callable[[Any, ImageLimits, Preparation], PreparedImage], content: Any, limits: ImageLimits
    ) -> PreparedImage:
        """Read an image in a thread; photographs wait for photographs only, and small images for small ones only."""
        small = limits._replace(pixels=min(limits.pixels, _SMALL_PIXELS))
        photograph = limits._replace(decoding_bytes=_REDUCED_BYTES)
        loop = asyncio.get_running_loop()
        for executor, bounds in ((self._readers, small), (self._photograph_reader, photograph)):
            with contextlib.suppress(ImageTooLarge):
                return await loop.run_in_executor(executor, function, content, bounds, self.model.preparation)
        return await loop.run_in_executor(self._large_reader, function, content, limits, self.model.preparation)

    async def images(self, encoded: Sequence[EncodedImage]) -> list[PreparedImage]:
        """Decode and prepare the images in a request; the service answers other requests in between.

        Raises:
            ValueError: There is no image in one of them; the message begins with its index.
        """
        images = []
        for number, one in enumerate(encoded):
            try:
                images.append(await self.image(one))
            except ValueError as error:
                raise ValueError(f"images[{number}]: {error}") from error
            if number % 16 == 15:
                await asyncio.sleep(0)
        return images

    async def predict(self, images: Images, means: Sequence[float] = ()) -> Answer:
        """Classify images.

        Args:
            images: Prepared images, uint8 [N, 28, 28].
            means: Mean grey values of the original images; if given, the images are monitored for drift.
        """
        answer = await self._batcher(images)
        if means:
            self.drift.note(images, means, answer.probabilities)
        return answer

    async def prediction(self, received: PreparedImage) -> dict[str, Any]:
        """Return the fields of a `Prediction` for one image, which is monitored for drift."""
        answer = await self.predict(received.image[np.newaxis], [received.mean])
        [fields] = self.classifications(answer, [received])
        return {**fields, "model_version": answer.version}

    def classifications(self, answer: Answer, prepared: Sequence[PreparedImage]) -> list[dict[str, Any]]:
        """Return the fields of a `Classification` for each image."""
        limits = DoubtLimits(self.config.min_confidence, self.model.max_novelty)
        rows = answer.probabilities.tolist()
        novelty = [None] * len(rows) if answer.novelty is None else answer.novelty.tolist()
        return [
            classification(row, answer.class_names, score, image.doubts, limits)
            for row, score, image in zip(rows, novelty, prepared, strict=True)
        ]

    async def drift_state(self) -> DriftState:
        """Return the drift of the latest images and update the Prometheus metrics."""
        loop = asyncio.get_running_loop()
        state = await loop.run_in_executor(self._measurer, self.drift.state)
        metrics.set_drift(state.features, state.images)
        return state

    def explain(self, image: NDArray[np.uint8], digit: int, method: ServedMethod) -> NDArray[np.float32]:
        """Return the attribution of each pixel for a digit, float32 [28, 28], of an image, uint8 [28, 28]."""
        return attribute(self.model.gradient.logits, image, digit, method)

    async def reload(self) -> tuple[str, str]:
        """Load the network again and use it from then on; requests in progress are not affected.

        Returns:
            Versions of the new and the previous network.

        Raises:
            ValueError: There is no network, its file is damaged, or the configuration of the project is invalid; the
                service keeps the old one.
            OSError: The file cannot be read; the service keeps the old one.
        """
        async with self._reloading:
            loop = asyncio.get_running_loop()
            try:
                model = await loop.run_in_executor(self._loader, self._warm)
            except Exception as error:
                metrics.RELOADS.labels("failed").inc()
                if isinstance(error, ValueError | OSError):
                    raise
                raise ValueError(f"{type(error).__name__}: {' '.join(str(error).split())}") from error
            before, self.model = self.model, model
            self.drift = DriftWatch(model.drift)
        metrics.RELOADS.labels("done").inc()
        metrics.MODEL.labels(before.version, before.backend).set(0)
        metrics.MODEL.labels(model.version, model.backend).set(1)
        logger.info("Replaced network %s by %s", before.version, model.version)
        return model.version, before.version

    def close(self) -> None:
        """Stop the threads."""
        self._readers.shutdown(wait=False, cancel_futures=True)
        self._photograph_reader.shutdown(wait=False, cancel_futures=True)
        self._large_reader.shutdown(wait=False, cancel_futures=True)
        self._loader.shutdown(wait=False, cancel_futures=True)
        self._measurer.shutdown(wait=False, cancel_futures=True)

    def _warm(self) -> ServedModel:
        """Load the network and use it once, so that the first request does not wait for one-time initialisation."""
        model = self._source()
        blank = np.zeros((1, 28, 28), np.uint8)
        model.predict(blank)
        if model.novelty is not None:
            model.novelty(blank)
        return model

    def _answer(self, images: Images) -> Answer:
        model = self.model
        probabilities = model.predict(images)
        metrics.BATCH.observe(len(images))
        for digit in probabilities.argmax(axis=1).tolist():
            metrics.DIGITS.labels(model.class_names[digit]).inc()
        novelty = None if model.novelty is None else model.novelty(images)
        return Answer(probabilities, novelty, model.version, model.class_names)
