"""How the images of a data set become inputs of a network: decided once, from the training images.

A network has to see every image in the form of the images that it was trained on. So the preparation belongs to the
data set: it is applied when the set is ingested, recorded with the digits and with every network that is trained on
them, and applied to every image that such a network is asked about.
"""

from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, model_validator

from mnist_growth.digits.fit import SIDE, fitted

Form = Literal["mnist", "as_is"]
Ink = Literal["light", "dark", "mixed"]

_FULL = 255  # grey value of white


class PreparedImage(NamedTuple):
    """An image as an input of a network.

    Attributes:
        image: Grey values, uint8 [28, 28], light ink on a dark background.
        mean: Mean grey value, 0 to 1, of the original image as if its data set had light ink on a dark background.
        doubts: Reasons to doubt that the image shows one digit.
    """

    image: NDArray[np.uint8]
    mean: float
    doubts: tuple[str, ...] = ()


class Preparation(BaseModel):
    """Preparation of the images of a data set.

    Attributes:
        form: "mnist": every image is converted to MNIST form by `canonical_form`. "as_is": images of 28 x 28 pixels
            keep size and position of their content; other images are scaled to fit.
        ink: Whether the ink of the original images is lighter or darker than their background. With the form "as_is",
            a set with dark ink is inverted as a whole; with the form "mnist", each image is inverted if necessary, and
            ink may also be "mixed".
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    form: Form
    ink: Ink

    @model_validator(mode="after")
    def _inverts_all_or_none(self) -> "Preparation":
        if self.form == "as_is" and self.ink == "mixed":
            raise ValueError("images that are used as they are have light or dark ink, not mixed")
        return self

    @property
    def inverts(self) -> bool:
        """Whether every image is inverted, whatever it shows."""
        return self.form == "as_is" and self.ink == "dark"

    def apply(self, pixels: NDArray[np.uint8]) -> PreparedImage:
        """Prepare an image.

        Args:
            pixels: Grey values as they come, uint8 [H, W].

        Raises:
            ValueError: The image shows nothing, or the array has the wrong shape.
        """
        if self.form == "mnist":
            from mnist_growth.digits.canonical import convert  # imported here: it imports the module of `Digits`

            image, doubts = convert(pixels)
        else:
            if pixels.ndim != 2 or pixels.size == 0:
                raise ValueError(f"The image has the shape {list(pixels.shape)}, expected [height, width]")
            image = fitted(pixels)
            image, doubts = _FULL - image if self.inverts else image, ()
        if self.ink == "mixed":
            return PreparedImage(image, mean_grey(image), doubts)
        mean = mean_grey(pixels)
        return PreparedImage(image, mean if self.ink == "light" else 1 - mean, doubts)

    def apply_all(self, images: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Prepare images, uint8 [N, H, W], and return them, uint8 [N, 28, 28].

        Raises:
            ValueError: An image shows nothing; the message begins with its position.
        """
        prepared = np.empty((len(images), SIDE, SIDE), np.uint8)
        for position, image in enumerate(images):
            try:
                prepared[position] = self.apply(image).image
            except ValueError as error:
                raise ValueError(f"Image {position}: {error}") from error
        return prepared

    def describe(self) -> str:
        """Return what happens to images, in a few words."""
        if self.form == "mnist":
            return "converted to MNIST form where they differ from it"
        return "inverted, otherwise as they are" if self.inverts else "as they are"


MNIST_PREPARATION = Preparation(form="mnist", ink="light")
"""Preparation of MNIST, whose images it does not change."""


def already_prepared(image: NDArray[np.uint8]) -> PreparedImage:
    """Return an image of an ingested data set, uint8 [28, 28], which is not prepared a second time."""
    return PreparedImage(image, mean_grey(image))


def mean_grey(pixels: NDArray[np.uint8]) -> float:
    """Return the mean grey value of an image, uint8 [H, W], between 0 and 1."""
    return float(pixels.mean()) / _FULL
