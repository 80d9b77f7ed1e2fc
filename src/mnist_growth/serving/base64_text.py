"""Base64 as clients send it: wrapped, URL-safe, unpadded, or in a data URL."""

import binascii
import re
from urllib.parse import unquote_to_bytes

_LINE_END = re.compile(r"[ \t]*[\r\n]+[ \t]*")
_URL_SAFE = str.maketrans("-_", "+/")


def decode_base64(text: str) -> bytes:
    """Decode the base64 of an image.

    Accepts both alphabets of RFC 4648, the line ends of RFC 2045, text without its padding, and data URLs, whose scheme
    may be written in any case.

    Args:
        text: Base64, or a data URL that contains it.

    Raises:
        ValueError: The text is not base64.
    """
    if text.startswith("data:"):
        text = _payload(text)
    try:
        return binascii.a2b_base64(text, strict_mode=True)
    except ValueError:
        return _decode_lenient(text)


def _payload(url: str) -> str:
    """The base64 in a data URL (RFC 2397)."""
    head, _, payload = url.partition(",")
    if not re.search(r";[ \t]*base64[ \t]*$", head, re.IGNORECASE):
        raise ValueError("The data URL is not base64: expected data:image/png;base64,...")
    return payload


def _decode_lenient(text: str) -> bytes:
    text = text.strip()
    if text[:5].lower() == "data:":
        text = _payload(text)
    if "%" in text:
        text = unquote_to_bytes(text).decode("latin-1")
    text = _without_spaces(_LINE_END.sub("", text.strip()))
    digits = text.translate(_URL_SAFE).rstrip("=")
    if len(text) - len(digits) > 2:
        raise ValueError("The image is not base64: it ends with more than two =")
    try:
        return binascii.a2b_base64(digits + "=" * (-len(digits) % 4), strict_mode=True)
    except ValueError:
        raise ValueError(f"The image is not base64: {_reason(digits)}") from None


def _without_spaces(text: str) -> str:
    """Join lines that a shell has separated by spaces; other spaces stand for a lost `+`."""
    lines = text.split()
    if len(lines) < 2:
        return text
    width = len(lines[0])
    if width % 4 == 0 and len(lines[-1]) <= width and all(len(line) == width for line in lines[:-1]):
        return "".join(lines)
    raise ValueError("The image is not base64: it has spaces, perhaps in place of +; send + as %2B in a form or URL")


def _reason(digits: str) -> str:
    if unknown := re.search(r"[^A-Za-z0-9+/]", digits):
        return f"it has the character {unknown[0]!a}"
    return f"it is incomplete, with {len(digits):,} characters"
