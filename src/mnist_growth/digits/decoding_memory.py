"""The memory that decoding an image takes: an estimate before it is decoded, and a reduction of large images after."""

import math

from PIL import Image

_BYTES_PER_PIXEL = {"1": 1, "L": 1, "P": 1, "I;16": 7, "LA": 4, "RGB": 4, "RGBA": 4}
"""Of a decoded image in Pillow, and of 16-bit values while they are converted. Other modes take up to 16 bytes."""

_MOST_BYTES_PER_PIXEL = 16
_OF_FORMAT = {"WEBP": 18, "GIF": 4}  # bytes per pixel, with the canvases on which the frames of animations are drawn
_COEFFICIENT_BYTES = 2  # of a progressive JPEG, all of whose coefficients are kept until the last one has been read
_LARGE = 1_000_000  # pixels above which an image is reduced before it is converted
_SIDE = 512  # pixels of its longer side then, as the canonical form has it
_STRIP_ROWS = 256  # rows that are converted and reduced at a time


def decoding_bytes(image: Image.Image) -> int:
    """Estimate the memory that decoding an opened image takes, in bytes.

    JPEG files take little, because they are reduced while they are decoded, unless they are progressive.
    """
    pixels = image.width * image.height
    if image.format == "JPEG":
        return pixels * _progressive_bytes_per_pixel(image) if "progressive" in image.info else 0
    per_pixel = _BYTES_PER_PIXEL.get(image.mode, _MOST_BYTES_PER_PIXEL)
    return pixels * max(per_pixel, _OF_FORMAT.get(image.format or "", 0))


def reduced(image: Image.Image) -> Image.Image:
    """Reduce a large decoded image by block averaging, strip by strip, so that its conversion takes little memory.

    Images of up to 1 megapixel, and those with more than 8 bits per channel, are returned as they are.
    """
    if image.width * image.height <= _LARGE or image.mode.startswith(("I", "F")):
        return image
    factor = -(-max(image.size) // _SIDE)
    has_alpha = image.has_transparency_data
    mode = "RGBA" if has_alpha else "L" if image.mode in ("1", "L") else "RGB"
    result = Image.new(mode, (-(-image.width // factor), -(-image.height // factor)))
    rows = max(1, _STRIP_ROWS // factor) * factor
    for top in range(0, image.height, rows):
        strip = image.crop((0, top, image.width, min(top + rows, image.height)))
        result.paste(strip.convert(mode).reduce(factor), (0, top // factor))
    return result


def _progressive_bytes_per_pixel(image: Image.Image) -> int:
    """Return the bytes of all coefficients of a pixel, by the sampling of the channels."""
    layers: list[tuple[int, int, int, int]] = getattr(image, "layer", []) or [(0, 1, 1, 0)] * 3
    most = max(across * down for _, across, down, *_ in layers)
    samples = sum(across * down for _, across, down, *_ in layers) / most
    return math.ceil(_COEFFICIENT_BYTES * samples)
