"""JSON schemas of requests and responses."""

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from mnist_growth.digits import MAX_CLASSES, Preparation
from mnist_growth.evaluation.doubt import DoubtLimits, network_doubts
from mnist_growth.serving.attribution import DEFAULT_METHOD, ServedMethod

MAX_TEXT = 100_000_000  # characters: far above the limit of the body, which applies first
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
        description="Base64 of an image file (PNG, JPEG, WebP, GIF, BMP, TIFF, PPM) of any size, or of "
        "784 grey values of 28 x 28 pixels, row by row. A data URL is also accepted.",
        examples=[EXAMPLE],
    ),
]
Probability = Annotated[float, Field(ge=0, le=1.000001)]
Probabilities = Annotated[
    list[Probability],
    Field(
        min_length=2,
        max_length=MAX_CLASSES,
        description="Probabilities of the classes, in the order of `class_names` of `GET /model`; their sum is 1.",
    ),
]


class _Message(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, protected_namespaces=())


class ImageRequest(_Message):
    """One image of one digit."""

    image: Base64


class ExplainRequest(ImageRequest):
    """One image of one digit, and how its prediction is explained."""

    method: Annotated[
        ServedMethod | None,
        Field(
            description="Attribution method; takes precedence over the query parameter `method`. By default "
            f"`{DEFAULT_METHOD}`."
        ),
    ] = None


class ImagesRequest(_Message):
    """Several images of one digit each."""

    images: Annotated[list[Base64], Field(min_length=1, max_length=10_000)]


class Classification(_Message):
    """The digit in an image."""

    prediction: Annotated[int, Field(ge=0, lt=MAX_CLASSES, description="Number of the most probable class.")]
    class_name: Annotated[str, Field(description="Name of this class: the digit itself for digits.")]
    confidence: Annotated[Probability, Field(description="Probability of this class.")]
    probabilities: Probabilities
    doubt: Annotated[
        list[str] | None,
        Field(
            description="Reasons to doubt that the image shows this digit, such as `several digits (2)`, "
            "`touches the border`, `low contrast`, `not a digit` or `low confidence`; null if there are none.",
        ),
    ]
    novelty: Annotated[
        float | None,
        Field(
            ge=0,
            le=1,
            description="Fraction of validation digits that look more like training digits; null if the network has no "
            "novelty detector.",
        ),
    ]


def classification(
    probabilities: Sequence[float],
    class_names: Sequence[str],
    novelty: float | None,
    image_doubts: Sequence[str],
    limits: DoubtLimits,
) -> dict[str, Any]:
    """Return the fields of a `Classification`.

    Args:
        probabilities: Probabilities of the classes.
        class_names: Their names.
        novelty: Novelty of the image; None without a detector.
        image_doubts: Reasons to doubt that were found when the image was prepared.
        limits: Limits of confidence and novelty beyond which the prediction is doubtful.
    """
    confidence = max(probabilities)
    prediction = probabilities.index(confidence)
    doubts = [*image_doubts, *network_doubts(confidence, novelty, limits)]
    return {
        "prediction": prediction,
        "class_name": class_names[prediction],
        "confidence": confidence,
        "probabilities": probabilities,
        "doubt": doubts or None,
        "novelty": novelty,
    }


class Prediction(Classification):
    """The digit in an image, and the version of the network."""

    model_version: str


class Predictions(_Message):
    """The digit in each image, in the order of the request."""

    predictions: list[Classification]
    model_version: str


class Explanation(Prediction):
    """The prediction, the input of the network, and the attribution of each pixel."""

    image: Annotated[
        list[Annotated[int, Field(ge=0, le=255)]],
        Field(min_length=784, max_length=784, description="28 x 28 grey values as the network sees them, row by row."),
    ]
    saliency: Annotated[
        list[Annotated[float, Field(ge=-1, le=1)]],
        Field(
            min_length=784,
            max_length=784,
            description="Attribution of each pixel by the method, scaled to a maximum of 1 or -1: positive pixels "
            "support the prediction, negative ones oppose it. The method `saliency` has no negative values.",
        ),
    ]
    method: Annotated[ServedMethod, Field(description="The attribution method.")]


class ModelDescription(_Message):
    """The current network."""

    version: str
    backend: str
    dataset: Annotated[str, Field(description="Name of the dataset that it was trained on.")]
    fingerprint: Annotated[str, Field(description="SHA-256 of this dataset.")]
    epochs: int
    hidden_widths: list[int]
    parameters: int
    class_names: list[str]
    preparation: Annotated[Preparation, Field(description="How images are prepared for the network.")]
    confusion: Annotated[
        list[list[int]] | None,
        Field(description="Counts of test digits: one row per true digit, one column per prediction."),
    ]


class DriftThresholds(_Message):
    """Values above which a feature has drifted."""

    kl: float
    psi: float
    ks: float | None


class DriftFeature(_Message):
    """Drift of one feature of the latest images."""

    feature: str
    images: int
    kl: Annotated[float, Field(description="Kullback-Leibler divergence KL(training || current) in nats.")]
    psi: Annotated[float, Field(description="Population stability index in nats.")]
    ks: Annotated[float | None, Field(description="Kolmogorov-Smirnov distance; null for the digit.")]
    ks_p_value: float | None
    measure: Annotated[
        Literal["kl", "psi", "ks"], Field(description="The measure that is largest in relation to its limit.")
    ]
    times_limit: Annotated[float, Field(description="That measure divided by its limit; above 1 it raises an alarm.")]
    alarm: bool
    limits: DriftThresholds


class Drift(_Message):
    """Drift of the latest images from the training images."""

    model_version: str
    watching: Annotated[bool, Field(description="False if the network has no drift reference.")]
    images: Annotated[int, Field(description="Number of compared images.")]
    window: Annotated[int, Field(description="Largest number of compared images.")]
    alarm: bool
    features: list[DriftFeature]


class Reloaded(_Message):
    """Versions of the new and the previous network."""

    version: str
    previous: str


class Status(_Message):
    """State of the service."""

    status: Literal["ok", "ready", "stopping"]


class Problem(BaseModel):
    """Reason why a request failed."""

    detail: str
