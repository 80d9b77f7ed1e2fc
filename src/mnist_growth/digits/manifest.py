"""Description of a data set, to be saved, compared and logged."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from pydantic import BaseModel, NonNegativeInt, ValidationError

from mnist_growth.digits.digits import IMAGE_SIDE, Digits, DigitSet
from mnist_growth.digits.preparation import Preparation


def data_manifest(digit_set: DigitSet) -> dict[str, Any]:
    """Describe a data set as values that can be written as JSON.

    Returns:
        The keys ``dataset``, ``requested``, ``source`` and ``fingerprint`` as in `DigitSet`; ``image_shape`` in pixels
        [height, width]; ``class_names``; ``preparation`` with its form, the ink of the original images and the counts
        of `prepare`;
        ``files`` with the SHA-256 of their decompressed content; ``train`` and ``test`` with the number of images in
        total and of each class.
    """
    return {
        "dataset": digit_set.dataset,
        "requested": digit_set.requested,
        "source": digit_set.source,
        "fingerprint": digit_set.fingerprint,
        "image_shape": [IMAGE_SIDE, IMAGE_SIDE],
        "class_names": list(digit_set.class_names),
        "preparation": {**digit_set.preparation.model_dump(), **digit_set.counts},
        "files": {name: dict(description) for name, description in digit_set.files.items()},
        "train": _describe(digit_set.train),
        "test": _describe(digit_set.test),
    }


def check_manifest(content: Mapping[str, Any]) -> None:
    """Check that a mapping is a result of ``data_manifest``.

    Raises:
        ValueError: A value is missing or of another type; names the first.
    """
    try:
        _Manifest.model_validate(content)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise ValueError(f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from None


class _PartContent(BaseModel):
    """Content of the description of a part."""

    count: NonNegativeInt
    class_counts: dict[str, NonNegativeInt]


class _PreparationContent(BaseModel):
    """Content of the description of the preparation."""

    form: str
    ink: str


class _Manifest(BaseModel):
    """What the other parts of the project read in a manifest."""

    dataset: str
    requested: str
    source: str
    fingerprint: str
    image_shape: tuple[int, int]
    preparation: _PreparationContent
    train: _PartContent
    test: _PartContent


def describe_preparation(manifest: Mapping[str, Any]) -> str:
    """Return one line on how the images were prepared, and on how many images that was decided.

    Args:
        manifest: Result of ``data_manifest``.
    """
    entry = manifest["preparation"]
    preparation = Preparation(form=entry["form"], ink=entry["ink"])
    parts = [preparation.describe()]
    if "examined" in entry:
        parts.append(
            f"{entry['mnist_form']:,} of {entry['examined']:,} training images are in MNIST form, ink {entry['ink']}"
        )
        parts.append(f"changed {entry['changed']:,}")
        for count, what in (("resized", "scaled to 28 x 28 pixels"), ("transposed", "rows and columns swapped")):
            if entry.get(count):
                parts.append(f"{entry[count]:,} {what}")
        if entry["blank"]:
            parts.append(f"{entry['blank']:,} show nothing")
    return "; ".join(parts)


def requested_dataset(dataset: str, manifest: Mapping[str, Any]) -> str:
    """Return the name of the data set that the user requested.

    Args:
        dataset: Name of the data set that the digits belong to.
        manifest: Result of ``data_manifest``; ignored if it describes another data set.
    """
    return str(manifest["requested"] if manifest["dataset"] == dataset else dataset)


def _describe(digits: Digits) -> dict[str, Any]:
    """Count the images of a part, in total and of each class."""
    counts = np.bincount(digits.labels, minlength=len(digits.class_names))
    return {
        "count": len(digits),
        "class_counts": {name: int(count) for name, count in zip(digits.class_names, counts, strict=True)},
    }
