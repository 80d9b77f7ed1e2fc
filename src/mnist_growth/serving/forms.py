"""Forms with images: multipart/form-data."""

import logging
from collections.abc import Callable, Sequence

from fastapi import HTTPException
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import Field, File, FormParser, parse_options_header

EncodedImage = str | bytes
"""Base64 of an image, or the image itself."""

logging.getLogger("python_multipart").setLevel(logging.CRITICAL)  # clients must not be able to fill the log


def read_form(
    content: bytes, content_type: str, names: Sequence[str], max_images: int, expected: str
) -> list[EncodedImage]:
    """Return the images of a form: files, or fields with base64.

    Args:
        content: The form.
        content_type: Its Content-Type with the boundary of the parts.
        names: Names of the fields that contain images.
        max_images: Largest number of images.
        expected: What to send instead, the end of each message.

    Raises:
        HTTPException: The form cannot be read (400), has another field or no image (422), or too many images (413).
    """
    boundary = parse_options_header(content_type)[1].get(b"boundary")
    if not boundary:
        raise HTTPException(400, f"The Content-Type of the form has no boundary, which the client must add: {expected}")
    images: list[EncodedImage] = []

    def add(name: bytes | None, image: EncodedImage) -> None:
        shown = (name or b"")[:100].decode("ascii", "replace")
        if shown not in names:
            raise HTTPException(422, f"The form has the unknown field {shown!a}: {expected}")
        if len(images) == max_images:
            raise HTTPException(413, f"The form has more than {_count(max_images)}: {expected}")
        images.append(image)

    def add_file(file: File) -> None:
        file.file_object.seek(0)
        add(file.field_name, file.file_object.read())

    def add_field(field: Field) -> None:
        value = field.value or b""
        add(field.field_name, value.decode() if value.isascii() else value)

    _parse(content, boundary, add_field, add_file, expected)
    if not images:
        raise HTTPException(422, f"The form has no complete part with an image: {expected}")
    return images


def _count(images: int) -> str:
    return "one image" if images == 1 else f"{images:,} images"


def _parse(
    content: bytes, boundary: bytes, add_field: Callable[[Field], None], add_file: Callable[[File], None], expected: str
) -> None:
    config = {"MAX_MEMORY_FILE_SIZE": float("inf"), "UPLOAD_ERROR_ON_BAD_CTE": True}
    try:
        parser = FormParser("multipart/form-data", add_field, add_file, boundary=boundary, config=config)
        parser.write(content)
        parser.finalize()
    except FormParserError:
        raise HTTPException(400, f"The form cannot be read: {expected}") from None
