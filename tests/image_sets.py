"""Sets of images in many forms, all made from the bundled digits of MNIST, and a network that has learned nothing."""

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from mnist_growth.digits import DigitSet, sample_digits
from mnist_growth.network import GrowingMLP, TrainedNetwork

Images = NDArray[np.uint8]

SAMPLE = sample_digits()


def _resized(images: Images, side: int) -> Images:
    """The ink of each image, stretched to a square, in the middle of a 28 x 28 image."""
    result = np.zeros_like(images)
    start = (28 - side) // 2
    for target, image in zip(result, images, strict=True):
        rows, columns = np.flatnonzero(image.any(axis=1)), np.flatnonzero(image.any(axis=0))
        ink = image[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        square = Image.fromarray(ink).resize((side, side), Image.Resampling.BILINEAR)
        target[start : start + side, start : start + side] = np.asarray(square)
    return result


def _mixed(images: Images) -> Images:
    return np.where((np.arange(len(images)) % 2 == 0)[:, None, None], images, 255 - images)


def _grainy(images: Images) -> Images:
    grain = np.random.default_rng(0).integers(0, 60, images.shape)
    return np.where(images > 0, 120 + grain + images // 4, 0).astype(np.uint8)


FORMS: dict[str, Callable[[Images], Images]] = {
    "mnist": lambda images: images,
    "dark_on_light": lambda images: 255 - images,
    "mixed_ink": _mixed,
    "fills_frame": lambda images: _resized(images, 28),
    "fills_frame_dark_on_light": lambda images: 255 - _resized(images, 28),
    "small": lambda images: _resized(images, 9),
    "off_centre": lambda images: np.roll(images, (-4, 4), axis=(1, 2)),
    "off_centre_on_grey_paper": lambda images: (230 - np.roll(images, (-4, 4), axis=(1, 2)) // 2).astype(np.uint8),
    "textures": _grainy,
}
"""What is done with the images of MNIST, by the name of the form."""


def image_set(form: str, training: int = 300, test: int = 60) -> DigitSet:
    """A set of images in one of the `FORMS`, as it comes from its files."""
    change = FORMS[form]
    return DigitSet.from_arrays(
        change(SAMPLE.train.images[:training]),
        SAMPLE.train.labels[:training],
        change(SAMPLE.test.images[:test]),
        SAMPLE.test.labels[:test],
        dataset="folder",
        requested="folder",
        source=form,
        files={},
    )


def network_for(digit_set: DigitSet) -> TrainedNetwork:
    """A network with random weights that was, by its header, trained on a prepared set."""
    network = GrowingMLP([16], generator=torch.Generator().manual_seed(0)).eval().requires_grad_(False)
    return TrainedNetwork(
        network,
        digit_set.dataset,
        digit_set.fingerprint,
        epochs=1,
        version="2026-01-31T12.00.00.000Z",
        preparation=digit_set.preparation,
    )
