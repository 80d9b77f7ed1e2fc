"""A limit for the chunks of a PNG file, which take time even if its image is small."""

from collections.abc import Iterator

SIGNATURE = b"\x89PNG\r\n\x1a\n"

_MAX_CHUNKS = 2_000  # besides those of the pixels; image editors write a few dozen
_MAX_COMPRESSED = 16  # chunks that a reader decompresses: texts and colour profiles
_COMPRESSED = frozenset({b"zTXt", b"iTXt", b"iCCP"})
_PIXELS = frozenset({b"IDAT", b"fdAT"})


def check_chunks(content: bytes) -> None:
    """Refuse a PNG file with so many chunks besides its pixels that reading them takes long; accept other files.

    Raises:
        ValueError: There are too many chunks.
    """
    if not content.startswith(SIGNATURE):
        return
    count = compressed = 0
    for kind in _kinds(content):
        count += kind not in _PIXELS
        compressed += kind in _COMPRESSED
        if count > _MAX_CHUNKS:
            raise ValueError(f"The PNG file has more than {_MAX_CHUNKS:,} chunks besides its pixels: save it again")
        if compressed > _MAX_COMPRESSED:
            raise ValueError(f"The PNG file has more than {_MAX_COMPRESSED} compressed texts: save it without them")


def may_have_compressed_texts(content: bytes) -> bool:
    """Whether a small PNG file may have texts or a colour profile that a reader decompresses."""
    return any(kind in content for kind in _COMPRESSED)


def _kinds(content: bytes) -> Iterator[bytes]:
    """Yield the type of each chunk, as far as the file is complete."""
    position = len(SIGNATURE)
    while position + 8 <= len(content):
        yield content[position + 4 : position + 8]
        position += 12 + int.from_bytes(content[position : position + 4])
