"""Corrupting images by the name of a corruption."""

import zlib
from collections.abc import Callable, Mapping
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from mnist_growth.digits.corruptions.blur import glass_blur, motion_blur
from mnist_growth.digits.corruptions.edges import canny_edges
from mnist_growth.digits.corruptions.geometry import rotate, scale, shear, translate
from mnist_growth.digits.corruptions.light import brightness, fog, spatter, stripe
from mnist_growth.digits.corruptions.lines import dotted_line, zigzag
from mnist_growth.digits.corruptions.noise import impulse_noise, shot_noise

Corruption = Callable[[NDArray[np.float32], int, np.random.Generator], NDArray[np.floating]]
"""Maps images, float32 [N, 28, 28] from 0 to 1, a severity and a generator to images, which may exceed 0 to 1."""

CorruptionName = Literal[
    "shot_noise",
    "impulse_noise",
    "glass_blur",
    "motion_blur",
    "shear",
    "scale",
    "rotate",
    "brightness",
    "translate",
    "stripe",
    "fog",
    "spatter",
    "dotted_line",
    "zigzag",
    "canny_edges",
]

CORRUPTIONS: Mapping[CorruptionName, Corruption] = {
    "shot_noise": shot_noise,
    "impulse_noise": impulse_noise,
    "glass_blur": glass_blur,
    "motion_blur": motion_blur,
    "shear": shear,
    "scale": scale,
    "rotate": rotate,
    "brightness": brightness,
    "translate": translate,
    "stripe": stripe,
    "fog": fog,
    "spatter": spatter,
    "dotted_line": dotted_line,
    "zigzag": zigzag,
    "canny_edges": canny_edges,
}
"""All corruptions, in the order of the paper."""

SEVERITIES = (1, 2, 3, 4, 5)
"""From mild to severe."""


def corrupt(images: NDArray[np.uint8], name: CorruptionName, severity: int, seed: int) -> NDArray[np.uint8]:
    """Return corrupted images.

    The random numbers of an image depend on its position, the corruption and the seed, but not on the severity, so that
    the severities of a corruption differ only in strength.

    Args:
        images: Grey values 0 to 255, uint8 [N, 28, 28]; not changed.
        name: Of the corruption.
        severity: 1 to 5.
        seed: Of the random numbers.

    Returns:
        uint8 [N, 28, 28].

    Raises:
        ValueError: There is no such corruption or severity.
    """
    if name not in CORRUPTIONS:
        raise ValueError(f"There is no corruption {name!r}; expected one of {', '.join(CORRUPTIONS)}")
    if severity not in SEVERITIES:
        raise ValueError(f"The severity is {severity}; expected an integer from 1 to 5")
    generator = np.random.default_rng([seed, zlib.crc32(name.encode())])
    corrupted = CORRUPTIONS[name](np.asarray(images, np.float32) / np.float32(255), severity, generator)
    return np.round(np.clip(corrupted, 0, 1) * 255).astype(np.uint8)
