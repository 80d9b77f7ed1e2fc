"""The images in the body of a request: JSON, image files and forms, plain or compressed."""

import json
from collections.abc import Mapping
from typing import Any

from fastapi import HTTPException
from pydantic import BaseModel, ValidationError

from mnist_growth.serving.attribution import ServedMethod
from mnist_growth.serving.content_encoding import decompress
from mnist_growth.serving.forms import EncodedImage, read_form
from mnist_growth.serving.schemas import ExplainRequest, ImageRequest, ImagesRequest

EXPECTED = (
    "send JSON with `image`, the base64 of an image file; or the file itself with its Content-Type, such as image/png; "
    "or a form (multipart/form-data) with the file in the field `image`"
)
EXPECTED_MANY = (
    "send JSON with `images`, a list with the base64 of image files; or a form (multipart/form-data) with the files in "
    "the field `images`; or one image file with its Content-Type, such as image/png"
)

_FIELDS: dict[type[BaseModel], tuple[str, ...]] = {  # of forms
    ImageRequest: ("image",),
    ExplainRequest: ("image",),
    ImagesRequest: ("images", "image", "images[]"),
}
_UNDECLARED = ("", "application/x-www-form-urlencoded", "text/plain")  # what clients send where no type is chosen


def image_in(body: bytes, headers: Mapping[str, str], max_bytes: int) -> EncodedImage:
    """Return the image in a body.

    Args:
        body: The body as received.
        headers: Headers of the request; the names are not case-sensitive.
        max_bytes: Largest size of the decompressed body.

    Raises:
        HTTPException: The body has no image, several images, or a form that is not supported.
    """
    images, _ = _read(body, headers, max_bytes, max_images=1, model=ImageRequest)
    return images[0]


def explained_image_in(
    body: bytes, headers: Mapping[str, str], max_bytes: int
) -> tuple[EncodedImage, ServedMethod | None]:
    """Return the image in a body, and the attribution method if it is JSON that names one; see ``image_in``."""
    images, request = _read(body, headers, max_bytes, max_images=1, model=ExplainRequest)
    return images[0], request.method if isinstance(request, ExplainRequest) else None


def images_in(body: bytes, headers: Mapping[str, str], max_bytes: int, max_images: int) -> list[EncodedImage]:
    """Return the images in a body, at least one.

    Args:
        body: The body as received.
        headers: Headers of the request; the names are not case-sensitive.
        max_bytes: Largest size of the decompressed body.
        max_images: Largest number of images.

    Raises:
        HTTPException: The body has no image, too many images, or a form that is not supported.
    """
    images, _ = _read(body, headers, max_bytes, max_images, model=ImagesRequest)
    if len(images) > max_images:
        raise HTTPException(413, f"The request has {len(images)} images; expected at most {max_images}")
    return images


def _read(
    body: bytes, headers: Mapping[str, str], max_bytes: int, max_images: int, model: type[BaseModel]
) -> tuple[list[EncodedImage], BaseModel | None]:
    """Return the images in a body, and the request if it is JSON."""
    expected = EXPECTED_MANY if model is ImagesRequest else EXPECTED
    content = decompress(body, headers.get("content-encoding", ""), max_bytes)
    if not content:
        raise HTTPException(422, f"The body is empty: {expected}")
    declared = headers.get("content-type", "")
    kind = declared.partition(";")[0].strip().lower()
    if kind == "multipart/form-data":
        return read_form(content, declared, _FIELDS[model], max_images, expected), None
    if kind.startswith("image/") or kind == "application/octet-stream":
        return [content], None
    if kind.endswith(("/json", "+json")):
        return _read_json(content, model, expected)
    if kind not in _UNDECLARED:
        raise HTTPException(415, f"The Content-Type {kind[:80]!a} cannot be read: {expected}")
    if content.lstrip()[:1] in (b"{", b"["):
        return _read_json(content, model, expected)
    if content.isascii():
        raise HTTPException(415, f"The body is neither JSON nor an image file: {expected}")
    return [content], None


def _read_json(content: bytes, model: type[BaseModel], expected: str) -> tuple[list[EncodedImage], BaseModel]:
    try:
        found = json.loads(content, strict=False)  # line ends within a string are those of wrapped base64
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise HTTPException(422, f"The body is not valid JSON ({place}): {expected}") from None
    except (ValueError, RecursionError):
        raise HTTPException(422, f"The body is not valid JSON: {expected}") from None
    try:
        request: Any = model.model_validate(found)
    except ValidationError as error:
        raise HTTPException(422, f"{_problem(found, error)}: {expected}") from None
    return (request.images if model is ImagesRequest else [request.image]), request


def _problem(found: Any, error: ValidationError) -> str:
    """Say what is wrong with a JSON body, without repeating its values."""
    if not isinstance(found, dict):
        return f"The body is {_kind(found)}"
    details = error.errors(include_url=False)
    missing = [_name(detail["loc"]) for detail in details if detail["type"] == "missing"]
    unknown = [_name(detail["loc"]) for detail in details if detail["type"] == "extra_forbidden"]
    problems = [f"`{name}` is missing" for name in missing[:1]] + [f"`{name}` is unknown" for name in unknown[:1]]
    if problems:
        return "The field " + " and the field ".join(problems)
    name = _name(details[0]["loc"])
    if details[0]["type"] == "literal_error":
        return f"The field `{name}` is not one of {details[0]['ctx']['expected']}"
    if details[0]["type"] in ("string_type", "list_type"):
        return f"The field `{name}` is {_kind(details[0]['input'])}"
    return f"The field `{name}` is {'empty' if details[0]['type'] == 'too_short' else 'not valid'}"


def _name(location: tuple[int | str, ...]) -> str:
    parts = (f"[{part}]" if isinstance(part, int) else f".{part}" for part in location)
    return "".join(parts).removeprefix(".")[:100].encode("ascii", "replace").decode()


def _kind(value: Any) -> str:
    if value is None or isinstance(value, bool):
        return json.dumps(value)
    kinds = {str: "a string", int: "a number", float: "a number", list: "a list", dict: "an object"}
    return kinds[type(value)]
