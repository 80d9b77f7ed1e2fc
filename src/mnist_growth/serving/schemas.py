"""What requests and answers look like in JSON."""

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

MAX_TEXT = 100_000_000  # characters: far above every limit of the body, which is what counts
EXAMPLE = (  # a 7 of MNIST
    "iVBORw0KGgoAAAANSUhEUgAAABwAAAAcCAAAAABXZoBIAAAA4klEQVR42mNgGEqAGUJxqIst+sjK/gmrmsJfv379+nMoNDSU3wJD"
    "ctKvX79+/fn169evKRfs0SW14ZJ/fl2E62WCUHf0Z8AV7r+GzeIrl57/+fP/Tx26axkYGBjcTxzi0vjP8O/VSZijWWBSDvbpYv8Y"
    "GBgYGEIYbzD+Z2CY9hqhrx7uICixFe4gLGAqAwMjnNPryqnIwMDw+zYDAwPTP4aSXVg8ewlJANnYTHyR8AePzo0YqlkQTGVmdHuQ"
    "JP/9/cfAwLAdu5WX/vz69WsCDve4/fn1q5MPl2t9NmvyUSn1AQA/MGgUzcROUAAAAABJRU5ErkJggg=="
)

Base64 = Annotated[
    str,
    Field(
        max_length=MAX_TEXT,
        description="Base64 of an image file (PNG, JPEG, WebP, GIF, BMP, TIFF, PPM), of any size and polarity, or of "
        "784 grey values of 28 x 28 pixels, row by row. A data URL is understood as well.",
        examples=[EXAMPLE],
    ),
]
Probability = Annotated[float, Field(ge=0, le=1.000001)]
Probabilities = Annotated[
    list[Probability], Field(min_length=10, max_length=10, description="Of the digits 0 to 9; their sum is 1.")
]


class _Message(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, protected_namespaces=())


class ImageRequest(_Message):
    """One image of one digit."""

    image: Base64


class ImagesRequest(_Message):
    """Several images, of one digit each."""

    images: Annotated[list[Base64], Field(min_length=1, max_length=10_000)]


class Answered(_Message):
    """What the network sees in an image."""

    digit: Annotated[int, Field(ge=0, le=9)]
    confidence: Annotated[Probability, Field(description="The probability of that digit.")]
    probabilities: Probabilities


def answered(probabilities: Sequence[float]) -> dict[str, Any]:
    """Return the fields of `Answered` for the probabilities of the digits 0 to 9."""
    confidence = max(probabilities)
    return {"digit": probabilities.index(confidence), "confidence": confidence, "probabilities": probabilities}


class Prediction(Answered):
    """What the network sees in an image, and which network it is."""

    model_version: str


class Predictions(_Message):
    """What the network sees in each image, in their order."""

    predictions: list[Answered]
    model_version: str


class Explanation(Prediction):
    """The answer, the image as the network gets it, and which of its pixels spoke for the answer."""

    image: Annotated[
        list[Annotated[int, Field(ge=0, le=255)]],
        Field(min_length=784, max_length=784, description="28 x 28 grey values in MNIST form, row by row."),
    ]
    saliency: Annotated[
        list[Annotated[float, Field(ge=-1, le=1)]],
        Field(
            min_length=784,
            max_length=784,
            description="For each pixel its grey value times the gradient of the answer's lead over the other digits, "
            "scaled so that the largest is 1 or -1: positive spoke for the answer, negative against it.",
        ),
    ]


class ModelDescription(_Message):
    """The network that answers."""

    version: str
    backend: str
    dataset: Annotated[str, Field(description="Name of the set of digits it was trained on.")]
    fingerprint: Annotated[str, Field(description="SHA-256 of that set.")]
    epochs: int
    hidden_widths: list[int]
    parameters: int
    confusion: Annotated[
        list[list[int]] | None,
        Field(description="Counts of test digits: a row for each true digit, a column for each answer."),
    ]


class DriftLimitsOf(_Message):
    """Values above which a feature has drifted."""

    kl: float
    psi: float
    ks: float | None


class DriftOfFeature(_Message):
    """How far one feature of the latest images is from training."""

    feature: str
    images: int
    kl: Annotated[float, Field(description="KL(training || current) in nats.")]
    psi: Annotated[float, Field(description="Population stability index in nats.")]
    ks: Annotated[float | None, Field(description="Distance of Kolmogorov and Smirnov; none for the digit.")]
    ks_p_value: float | None
    alarm: bool
    limits: DriftLimitsOf


class Drift(_Message):
    """How far the latest images are from those that the network was trained on."""

    model_version: str
    watching: Annotated[bool, Field(description="False where the network has no reference to compare with.")]
    images: Annotated[int, Field(description="Number of the latest images that are compared.")]
    window: Annotated[int, Field(description="Largest number of images that are.")]
    alarm: bool
    features: list[DriftOfFeature]


class Reloaded(_Message):
    """Which network answers from now on."""

    version: str
    previous: str


class Status(_Message):
    """How the service is."""

    status: Literal["ok", "ready", "stopping"]


class Problem(BaseModel):
    """Why a request was not answered."""

    detail: str
