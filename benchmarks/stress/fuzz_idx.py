"""Damaged IDX files, plain and gzipped, for the functions that read them."""

import gzip
import math
import random
import struct
import time
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.stress.fuzz_cases import Report, run_case
from benchmarks.stress.fuzz_mutations import mutated, with_number
from mnist_growth.digits.idx import read_images, read_labels, write_images, write_labels


def fuzz_idx(folder: Path, cases: int, seed: int, deadline: float = math.inf) -> Report:
    """Mutate files of images and labels, and compare what is read with an independent reader.

    Args:
        folder: Empty folder for the files.
        cases: Number of cases.
        seed: Seed of the mutations.
        deadline: Value of `time.monotonic()` after which no case begins.
    """
    generator = np.random.default_rng(0)
    write_images(folder / "images", generator.integers(0, 256, (5, 28, 28), dtype=np.uint8))
    write_labels(folder / "labels", generator.integers(0, 10, 300))
    plain = {name: (folder / name).read_bytes() for name in ("images", "labels")}
    readers: dict[str, Callable[[Path], np.ndarray[Any, Any]]] = {"images": read_images, "labels": read_labels}
    report, path = Report(), folder / "case"
    for number in range(cases):
        if time.monotonic() > deadline:
            break
        chance = random.Random(f"{seed} {number}")
        kind = chance.choice(("images", "labels"))
        content = mutated_idx(plain[kind if chance.random() < 0.95 else "images"], chance)
        path.unlink(missing_ok=True)  # a memory map of the previous case may still be open
        path.write_bytes(content)
        expected = reference_idx(content, kind)

        def case(kind: str = kind, expected: "np.ndarray[Any, Any] | None" = expected) -> str:
            found = readers[kind](path)
            if expected is None:
                return "DEFECT: accepted, although it is not a valid file"
            return "read correctly" if np.array_equal(found, expected) else "DEFECT: read with other content"

        outcome = run_case(case, f"idx case {number} of seed {seed}", report)
        if outcome == "refused" and expected is not None:
            report.defects.append(f"idx case {number} of seed {seed}: refused, although it is a valid file")
    return report


def mutated_idx(content: bytes, chance: random.Random) -> bytes:
    """Damage an IDX file before or after compression, or without compressing it."""
    match chance.randrange(8):
        case 0 | 1:
            return mutated(content, chance)
        case 2:
            return with_number(content, chance, ">I", chance.choice((0, 4, 8, 12)))
        case 3:
            return gzip.compress(mutated(content, chance), chance.choice((0, 1, 9)))
        case 4:
            return gzip.compress(with_number(content, chance, ">I", chance.choice((0, 4, 8, 12))))
        case 5:
            return mutated(gzip.compress(content, chance.choice((0, 1, 9))), chance)
        case 6:
            packed = gzip.compress(content)
            return with_number(packed, chance, "<I", chance.choice((0, 4, len(packed) - 8, len(packed) - 4)))
        case _:
            return chance.choice(
                (
                    lambda: content[:8] + gzip.compress(content),
                    lambda: gzip.compress(gzip.compress(content)),
                    lambda: gzip.compress(content) + gzip.compress(chance.randbytes(9)),
                    lambda: gzip.compress(content[:9]) + gzip.compress(content[9:]),
                    lambda: gzip.compress(content) + bytes(chance.randrange(50)),
                    lambda: gzip.compress(struct.pack(">4I", 2051, 1, 28, 28) + bytes(20_000_000)),
                    lambda: gzip.compress(struct.pack(">4I", 2051, 20_000, 28, 28) + bytes(15_680_000)),
                    lambda: struct.pack(">4I", 2051, 2**31, 2**31, 2) + bytes(8),
                    lambda: content[: chance.randrange(20)],
                    lambda: content,
                )
            )()


def reference_idx(content: bytes, kind: str) -> "np.ndarray[Any, Any] | None":
    """Read an IDX file in the simplest way; None if it is not valid."""
    if content[:2] == b"\x1f\x8b":
        try:
            content = gzip.decompress(content)
        except (OSError, EOFError, zlib.error):
            return None
    magic, axes = (2051, 3) if kind == "images" else (2049, 1)
    if len(content) < 4 + 4 * axes:
        return None
    found, *shape = struct.unpack_from(f">{1 + axes}I", content)
    payload = np.frombuffer(content, np.uint8, offset=4 + 4 * axes)
    if found != magic or shape[1:] != [28, 28][: axes - 1] or shape[0] == 0 or np.prod(shape) != len(payload):
        return None
    if kind == "labels" and payload.max() > 9:
        return None
    return payload.reshape(shape)
