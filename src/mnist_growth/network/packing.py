"""Integer weights as few bytes: packed bits, a mask of the weights that are not zero, and entropy coding.

Codes of b bits are whole numbers from -(2^(b-1) - 1) to 2^(b-1) - 1. They are packed into bytes, 8 / b codes in each,
and the bytes are stored with the Huffman codes of DEFLATE (RFC 1951), because quantised weights are far from uniformly
distributed. A matrix with many zeros is stored as the mask of its other entries and the codes of these.
"""

import zlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

WEIGHT_BITS = (2, 4, 8)
"""Supported numbers of bits of a weight."""

_STRATEGIES = (zlib.Z_HUFFMAN_ONLY, zlib.Z_DEFAULT_STRATEGY)


def largest_code(bits: int) -> int:
    """Return the largest code Q of a number of bits; the smallest one is -Q, so that the quantiser is symmetric."""
    return int(2 ** (bits - 1) - 1)


def encode(codes: NDArray[np.int8], bits: int) -> tuple[bytes, bytes]:
    """Return codes as bytes.

    Args:
        codes: Of any shape, from -``largest_code(bits)`` to ``largest_code(bits)``.
        bits: Of each code.

    Returns:
        The packed codes and the mask of those that are not zero. The mask is empty where all codes are stored, which
        takes fewer bytes if few of them are zero.
    """
    flat = codes.reshape(-1)
    dense = _deflated(_packed(flat, bits))
    mask, kept = _deflated(np.packbits(flat != 0)), _deflated(_packed(flat[flat != 0], bits))
    return (kept, mask) if len(kept) + len(mask) < len(dense) else (dense, b"")


def decode(packed: bytes, mask: bytes, shape: Sequence[int], bits: int) -> NDArray[np.int8]:
    """Return the codes that ``encode`` has stored.

    Args:
        packed: Packed codes.
        mask: Mask of those that are not zero; empty where all codes are stored.
        shape: Of the codes.
        bits: Of each code.

    Raises:
        ValueError: The bytes do not hold codes of this shape.
    """
    count = int(np.prod(shape))
    if not mask:
        return _unpacked(packed, count, bits).reshape(shape)
    is_kept = np.unpackbits(_inflated(mask, -(-count // 8)), count=count).astype(bool)
    codes = np.zeros(count, np.int8)
    codes[is_kept] = _unpacked(packed, int(is_kept.sum()), bits)
    return codes.reshape(shape)


def _packed(codes: NDArray[np.int8], bits: int) -> NDArray[np.uint8]:
    """Return codes packed into bytes, the first one in the lowest bits; the last byte is filled with zero bits."""
    per_byte = 8 // bits
    values = (codes.astype(np.int16) + largest_code(bits)).astype(np.uint8)
    padded = np.zeros(-(-len(values) // per_byte) * per_byte, np.uint8)
    padded[: len(values)] = values
    shifts = np.arange(0, 8, bits, dtype=np.uint8)
    packed: NDArray[np.uint8] = np.bitwise_or.reduce(padded.reshape(-1, per_byte) << shifts, axis=1)
    return packed


def _unpacked(packed: bytes, count: int, bits: int) -> NDArray[np.int8]:
    values = _inflated(packed, -(-count // (8 // bits)))
    shifts = np.arange(0, 8, bits, dtype=np.uint8)
    fields = (values[:, np.newaxis] >> shifts) & np.uint8(2**bits - 1)
    codes = fields.reshape(-1)[:count].astype(np.int16) - largest_code(bits)
    if len(codes) and codes.max() > largest_code(bits):
        raise ValueError(f"it has a code above {largest_code(bits)}, the largest one of {bits} bits")
    return codes.astype(np.int8)


def _deflated(values: NDArray[np.uint8]) -> bytes:
    """Return the shortest encoding."""
    encoders = [zlib.compressobj(9, zlib.DEFLATED, -15, 9, strategy) for strategy in _STRATEGIES]
    return min((encoder.compress(values.tobytes()) + encoder.flush() for encoder in encoders), key=len)


def _inflated(content: bytes, size: int) -> NDArray[np.uint8]:
    """Return the bytes of an encoding; no more than ``size`` are ever decoded."""
    decoder = zlib.decompressobj(-15)
    try:
        values = decoder.decompress(content, size + 1)
    except zlib.error as error:
        raise ValueError(f"its packed weights cannot be decoded ({error})") from error
    if len(values) != size or not decoder.eof:
        raise ValueError(f"its packed weights do not have {size:,} bytes")
    return np.frombuffer(values, np.uint8)
