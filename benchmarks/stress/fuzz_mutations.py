"""Mutations of bytes, JSON trees and tensors."""

import random
import struct
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor

NUMBERS = (0, 1, 2, 9, 10, 27, 28, 29, 255, 2049, 2051, 2**16, 2**31 - 1, 2**31, 2**32 - 1, 2**62, 2**63, 2**64 - 1)
VALUES: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 3, 10**9, 10**18, 2**63, 10**400, 0.5, -0.5, 1e308, float("nan"), float("inf"),
    "", "6", "x" * 1000, "\ud800", [], [0], [[]], [-1, 5], [10**9, 10**9], [1] * 1000, {}, {"a": 1}, {"epoch": 1},
)  # fmt: skip


def changed_tensors(tensors: Mapping[str, Tensor], name: str, chance: random.Random) -> dict[str, Tensor]:
    """Remove or add one tensor, or change its type, shape or content."""
    tensor = tensors[name]
    others = {other: value for other, value in tensors.items() if other != name}
    dtypes = (torch.float64, torch.float16, torch.bfloat16, torch.int64, torch.uint8, torch.bool, torch.complex64)
    changes: tuple[Callable[[], dict[str, Tensor]], ...] = (
        lambda: others,
        lambda: {**others, chance.choice(("", "x", "network.x", f"{name}.0")): tensor},
        lambda: {**tensors, chance.choice(("", "x", "network.x", f"{name}.0")): tensor},
        lambda: {**others, name: tensor.to(chance.choice(dtypes))},
        lambda: {**others, name: tensor.reshape(-1)},
        lambda: {**others, name: tensor.unsqueeze(0)},
        lambda: {**others, name: tensor.repeat(2, *[1] * max(0, tensor.ndim - 1))},
        lambda: {**others, name: tensor.reshape(-1)[:-1]},
        lambda: {**others, name: torch.zeros(0, dtype=tensor.dtype)},
        lambda: {**others, name: torch.zeros_like(tensor)},
        lambda: {**others, name: torch.full_like(tensor, chance.choice((-1, 1, 100)))},
        lambda: {**others, name: tensor.reshape(-1).flip(0).reshape(tensor.shape)},
        lambda: {**others, name: tensors[chance.choice(sorted(tensors))]},
    )
    return chance.choice(changes)()


def changed(tree: Any, chance: random.Random) -> Any:
    """Change, remove, add or repeat one node of a JSON tree."""
    if isinstance(tree, dict) and tree and chance.random() < 0.9:
        key = chance.choice(sorted(tree))
        others = {name: value for name, value in tree.items() if name != key}
        match chance.randrange(8):
            case 0:
                return others
            case 1:
                return {**others, f"{key}x": tree[key]}
            case 2:
                return {**tree, "surplus": chance.choice(VALUES)}
            case _:
                return {**others, key: changed(tree[key], chance)}
    if isinstance(tree, list) and tree and chance.random() < 0.9:
        place = chance.randrange(len(tree))
        match chance.randrange(5):
            case 0:
                return tree[:place] + tree[place + 1 :]
            case 1:
                return [*tree, tree[place]]
            case _:
                return [*tree[:place], changed(tree[place], chance), *tree[place + 1 :]]
    if isinstance(tree, int) and not isinstance(tree, bool) and chance.random() < 0.5:
        return chance.choice((tree + 1, tree - 1, -tree, 2 * tree, float(tree), str(tree), chance.choice(NUMBERS)))
    return chance.choice(VALUES)


def mutated(content: bytes, chance: random.Random) -> bytes:
    """Change bytes in one to three places, more often near the beginning."""
    changing = bytearray(content)
    for _ in range(chance.randint(1, 3)):
        size = len(changing)
        place = chance.randrange(min(size, 20) if chance.random() < 0.4 else size) if size else 0
        piece = slice(place, place + chance.choice((1, 2, 4, 16, 100)))
        match chance.randrange(7):
            case 0 | 1 if size:
                changing[place] ^= 1 << chance.randrange(8)
            case 2:
                del changing[place:]
            case 3:
                del changing[piece]
            case 4:
                changing[place:place] = chance.randbytes(chance.choice((1, 2, 4, 100)))
            case 5:
                changing[place:place] = changing[piece]
            case _:
                changing[piece] = bytes(len(changing[piece]))
    return bytes(changing)


def with_number(content: bytes, chance: random.Random, form: str, place: int) -> bytes:
    """Replace a number in bytes.

    Args:
        content: The bytes.
        chance: Source of randomness.
        form: Format of the number, as in `struct`.
        place: Offset of the number.
    """
    size = struct.calcsize(form)
    number = chance.choice((*NUMBERS, chance.randrange(2**32))) % 2 ** (8 * size)
    return content[:place] + struct.pack(form, number) + content[place + size :]
