"""Compressed bodies of requests: Content-Encoding gzip and deflate."""

import zlib

from fastapi import HTTPException

ENCODINGS = "gzip, deflate"
"""Values of Content-Encoding that are decoded."""

_MAX_CODINGS = 3  # compressions of one body, one within the other
_MAX_MEMBERS = 64  # compressed streams in one body, one after the other
_WINDOW = {"gzip": zlib.MAX_WBITS | 16, "x-gzip": zlib.MAX_WBITS | 16, "deflate": zlib.MAX_WBITS}


def decompress(body: bytes, encoding: str, max_bytes: int) -> bytes:
    """Undo the codings of a Content-Encoding, which are listed in the order in which they were applied.

    Args:
        body: The body as received.
        encoding: Value of the header Content-Encoding; empty if there is none.
        max_bytes: Largest size after each decompression.

    Raises:
        HTTPException: The coding is unknown (415), the body is damaged (400) or too large (413).
    """
    codings = [coding for part in encoding.split(",") if (coding := part.strip().lower()) not in ("", "identity")]
    unknown = [coding for coding in codings if coding not in _WINDOW]
    if unknown or len(codings) > _MAX_CODINGS:
        found = f"The Content-Encoding {unknown[0][:80]!a}" if unknown else f"{len(codings)} Content-Encodings"
        message = f"{found} cannot be decoded: send the body as it is, or compress it once with {ENCODINGS}"
        raise HTTPException(415, message, headers={"Accept-Encoding": ENCODINGS})
    for coding in reversed(codings):
        try:
            body = _inflate(body, _WINDOW[coding], max_bytes)
        except (zlib.error, EOFError):
            message = f"The body is not complete {coding} data, which its Content-Encoding says it is"
            raise HTTPException(400, message) from None
    return body


def _inflate(body: bytes, window: int, max_bytes: int) -> bytes:
    """Decompress all members of a gzip or zlib body.

    Raises:
        HTTPException: The result is too large.
        zlib.error: The body is damaged.
        EOFError: The body is incomplete, or has too many members.
    """
    if window == zlib.MAX_WBITS and (len(body) < 2 or body[0] & 15 != 8 or int.from_bytes(body[:2]) % 31):
        window = -zlib.MAX_WBITS  # many clients send deflate without the header of zlib
    pieces: list[bytes] = []  # joined at the end: a single one is not copied
    left = max_bytes
    for _ in range(_MAX_MEMBERS):
        member = zlib.decompressobj(window)
        pieces.append(member.decompress(body, left + 1))
        left -= len(pieces[-1])
        if left < 0:
            raise HTTPException(413, f"The decompressed body has more than {max_bytes:,} bytes")
        if not member.eof:
            raise EOFError
        body = member.unused_data.lstrip(b"\0")
        if not body:
            return pieces[0] if len(pieces) == 1 else b"".join(pieces)
    raise EOFError
