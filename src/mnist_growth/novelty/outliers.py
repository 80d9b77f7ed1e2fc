"""Images that look somewhat like those of a data set and belong to none of its classes."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

from mnist_growth.digits import IMAGE_SIDE, centred
from mnist_growth.novelty.letters import letter

Images = NDArray[np.uint8]

_HALF = IMAGE_SIDE // 2
_BOX = 20  # longer side of the ink in MNIST
_CANVAS = 84  # pixels; shapes are drawn in three times the size
_MIRRORED = frozenset({2, 3, 4, 5, 7})  # digits whose mirror image is no digit
_TURNED = frozenset({2, 3, 4, 5, 6, 7, 8, 9})  # digits that are no digits after about a quarter turn


def digit_outliers(images: Images, labels: NDArray[np.int64], count: int, generator: np.random.Generator) -> Images:
    """Return outliers of a set of handwritten digits in MNIST form.

    They are mirrored, turned and mixed digits, random strokes, letters, noise, and filled shapes with a texture.

    Args:
        images: Digits, uint8 [N, 28, 28].
        labels: Their classes 0 to 9, int64 [N].
        count: Number of outliers.
        generator: Source of randomness.

    Returns:
        uint8 [count, 28, 28], light on dark; noise and shapes partly not in MNIST form.
    """
    kinds: list[tuple[float, Callable[[], Images]]] = [
        (0.3, lambda: _changed_digit(images, labels, generator)),
        (0.25, lambda: _in_mnist_form(_strokes(generator))),
        (0.3, lambda: _in_mnist_form(letter(generator))),
        (0.075, lambda: _perhaps_in_mnist_form(_noise(generator), generator)),
        (0.075, lambda: _perhaps_in_mnist_form(_shape(generator), generator)),
    ]
    return _drawn(kinds, count, generator)


def image_outliers(images: Images, labels: NDArray[np.int64], count: int, generator: np.random.Generator) -> Images:
    """Return outliers of any set of images: mixtures of two classes, shuffled quarters, and noise.

    Args:
        images: Images, uint8 [N, 28, 28].
        labels: Their classes, int64 [N].
        count: Number of outliers.
        generator: Source of randomness.

    Returns:
        uint8 [count, 28, 28].
    """
    kinds: list[tuple[float, Callable[[], Images]]] = [
        (0.6, lambda: _mixed(images, labels, generator)),
        (0.2, lambda: _shuffled(images[generator.integers(len(images))], generator)),
        (0.2, lambda: _noise(generator)),
    ]
    return _drawn(kinds, count, generator)


def _drawn(kinds: list[tuple[float, Callable[[], Images]]], count: int, generator: np.random.Generator) -> Images:
    """Draw images of several kinds, each with its share."""
    shares = np.array([share for share, _ in kinds])
    chosen = generator.choice(len(kinds), count, p=shares / shares.sum())
    images = np.empty((count, IMAGE_SIDE, IMAGE_SIDE), np.uint8)
    for image, kind in zip(images, chosen, strict=True):
        image[...] = kinds[kind][1]()
    return images


def _changed_digit(images: Images, labels: NDArray[np.int64], generator: np.random.Generator) -> Images:
    """Return a mirrored or turned digit, or a mixture of two."""
    index = int(generator.integers(len(images)))
    image, label = images[index], int(labels[index])
    kind = generator.integers(4)
    if kind == 0 and label in _MIRRORED:
        return _in_mnist_form(image[:, ::-1])
    if kind == 1 and label in _TURNED:
        degrees = float(generator.choice([-1, 1]) * generator.uniform(50, 110))
        return _in_mnist_form(np.asarray(Image.fromarray(image).rotate(degrees, Image.Resampling.BILINEAR)))
    return _in_mnist_form(_mixed(images, labels, generator))


def _mixed(images: Images, labels: NDArray[np.int64], generator: np.random.Generator) -> Images:
    """Return two images of different classes as one: half of each, or both on top of each other."""
    first, second = generator.integers(len(images), size=2)
    while labels[first] == labels[second] and labels.min() < labels.max():
        second = generator.integers(len(images))
    one, other = images[first], images[second]
    mixture: Images
    match generator.integers(3):
        case 0:
            mixture = np.concatenate([one[:_HALF], other[_HALF:]])
        case 1:
            mixture = np.concatenate([one[:, :_HALF], other[:, _HALF:]], axis=1)
        case _:
            mixture = np.maximum(one, np.roll(other, generator.integers(-5, 6, size=2), (0, 1)))
    return mixture


def _shuffled(image: Images, generator: np.random.Generator) -> Images:
    """Return an image with its quarters in another order."""
    quarters = [image[row : row + _HALF, column : column + _HALF] for row in (0, _HALF) for column in (0, _HALF)]
    order = np.roll(np.arange(4), generator.integers(1, 4))
    a, b, c, d = (quarters[position] for position in order)
    return np.block([[a, b], [c, d]])


def _strokes(generator: np.random.Generator) -> Images:
    """Return two to four straight or curved strokes of a pen."""
    image = Image.new("L", (_CANVAS, _CANVAS))
    draw = ImageDraw.Draw(image)
    width = int(generator.integers(4, 11))
    for _ in range(generator.integers(2, 5)):
        x, y, end_x, end_y = generator.uniform(10, _CANVAS - 10, 4)
        match generator.integers(4):
            case 0:
                draw.line([x, y, x + generator.normal(0, 4), end_y], fill=255, width=width)
            case 1:
                draw.line([x, y, end_x, y + generator.normal(0, 4)], fill=255, width=width)
            case 2:
                draw.line([x, y, end_x, end_y], fill=255, width=width)
            case _:
                (across, down), start = generator.uniform(8, 30, 2), generator.uniform(0, 360)
                box = [x - across, y - down, x + across, y + down]
                draw.arc(box, start, start + generator.uniform(90, 330), fill=255, width=width)
    return np.asarray(image.filter(ImageFilter.GaussianBlur(float(generator.uniform(0.6, 1.6)))))


def _noise(generator: np.random.Generator) -> Images:
    """Return noise, uint8 [28, 28]: fine or coarse, grey or black and white."""
    values = generator.uniform(0, 255, (IMAGE_SIDE, IMAGE_SIDE)).astype(np.uint8)
    radius = float(generator.uniform(0, 2.5))
    blurred = np.asarray(Image.fromarray(values).filter(ImageFilter.GaussianBlur(radius)), np.float64)
    spread = 255 * (blurred - blurred.min()) / max(np.ptp(blurred), 1.0)
    if generator.random() < 0.4:
        spread = 255.0 * (spread > generator.uniform(90, 230))
    noise: Images = spread.astype(np.uint8)
    return noise


def _shape(generator: np.random.Generator) -> Images:
    """Return filled polygons, uint8 [28, 28], plain, grainy or striped."""
    image = Image.new("L", (_CANVAS, _CANVAS))
    draw = ImageDraw.Draw(image)
    for _ in range(generator.integers(1, 4)):
        corners = int(generator.integers(3, 8))
        angles = np.sort(generator.uniform(0, 2 * np.pi, corners))
        distances = generator.uniform(5, 38) * generator.uniform(0.5, 1, corners)
        center = generator.uniform(20, 64, 2)
        points = center + distances[:, None] * np.stack([np.cos(angles), np.sin(angles)], axis=1)
        draw.polygon([(float(x), float(y)) for x, y in points], fill=255)
    filled = np.asarray(image.resize((IMAGE_SIDE, IMAGE_SIDE), Image.Resampling.BOX), np.float64)
    match generator.integers(3):
        case 0:
            filled *= generator.uniform(0.3, 1, filled.shape)
        case 1:
            rows, columns = (np.arange(IMAGE_SIDE) * generator.uniform(-2, 2) for _ in range(2))
            filled *= 0.65 + 0.35 * np.sin(np.add.outer(rows, columns))
    return filled.astype(np.uint8)


def _perhaps_in_mnist_form(image: Images, generator: np.random.Generator) -> Images:
    """Return an image as it is, or in MNIST form, each with probability one half."""
    return _in_mnist_form(image) if generator.random() < 0.5 else image


def _in_mnist_form(image: Images) -> Images:
    """Scale the light parts of an image to the size of MNIST's digits and centre them, uint8 [28, 28]."""
    rows, columns = np.flatnonzero(image.max(axis=1) > 50), np.flatnonzero(image.max(axis=0) > 50)
    if len(rows) == 0:
        return np.ascontiguousarray(image[:IMAGE_SIDE, :IMAGE_SIDE])
    ink = image[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    height, width = (max(1, round(side * _BOX / max(ink.shape))) for side in ink.shape)
    small = np.asarray(Image.fromarray(ink).resize((width, height), Image.Resampling.BILINEAR), np.float64)
    scaled = np.rint(small * (255 / max(small.max(), 1.0))).astype(np.uint8)
    return centred(scaled)
