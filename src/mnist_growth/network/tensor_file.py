"""A file of named tensors with a JSON header and a checksum: safetensors, no pickle."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

import torch
from pydantic import BaseModel, ValidationError
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from mnist_growth.machine import atomic_path

Model = TypeVar("Model", bound=BaseModel)


def save_tensors(path: Path, kind: str, tensors: Mapping[str, Tensor], header: Mapping[str, Any]) -> None:
    """Write tensors and a header in one step: the file is there whole or not at all.

    Args:
        path: the file to write.
        kind: what the file is ("network", "checkpoint"); checked when it is read.
        tensors: any dtypes and devices.
        header: what ``json.dumps`` can write.

    Raises:
        OSError: the folder cannot be written to, or the disk is full.
    """
    plain = _plain(tensors)
    text = json.dumps(header, sort_keys=True)
    metadata = {"kind": f"mnist-growth {kind} 1", "header": text, "sha256": _digest(plain, text)}
    with atomic_path(path) as temporary:
        try:
            save_file(plain, temporary, metadata)
        except SafetensorError as error:  # safetensors wraps what the file system says
            raise OSError(f"{path} could not be written: {error}") from error


def _plain(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Tensors on the CPU, each in one piece of memory of its own, as the format wants them; copied only if need be."""
    plain: dict[str, Tensor] = {}
    storages: set[int] = set()
    for name, tensor in tensors.items():
        own = tensor.detach().cpu().contiguous()
        if own.untyped_storage().nbytes() != own.nbytes or own.data_ptr() in storages:
            own = own.clone()
        storages.add(own.data_ptr())
        plain[name] = own
    return plain


def load_tensors(path: Path, kind: str) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Read what ``save_tensors`` wrote; tensors are on the CPU, in memory of their own.

    Raises:
        ValueError: the file is damaged or of another kind.
        OSError: the file cannot be read.
    """
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            tensors = {name: file.get_tensor(name).clone() for name in file.keys()}  # noqa: SIM118
    except SafetensorError as error:
        raise ValueError(f"{path} is damaged ({error}): restore it from a copy or choose another version") from error
    expected = f"mnist-growth {kind} 1"
    if metadata.get("kind") != expected:
        found = metadata.get("kind", "no mnist-growth file")
        raise ValueError(f"{path} is of kind {found!r}; expected {expected!r}: choose a file that this version wrote")
    if metadata.get("sha256") != _digest(tensors, metadata.get("header", "")):
        raise ValueError(f"{path} is damaged (its checksum does not match): restore it or choose another version")
    try:
        header = json.loads(metadata["header"])
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{path} has a header that cannot be read ({error}): choose another version") from error
    if not isinstance(header, dict):
        raise ValueError(f"{path} has a header of the type {type(header).__name__}: choose another version")
    return tensors, header


def tensors_sha256(tensors: Mapping[str, Tensor]) -> str:
    """SHA-256 (hex) over names, dtypes, shapes and contents of tensors."""
    return _digest({name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}, "")


def check_header(header: Mapping[str, Any], model: type[Model]) -> Model:
    """Give the header's values the types that the model asks for, as they were before JSON.

    Raises:
        ValueError: a value is missing, surplus or of another type; names the first.
    """
    try:
        return model.model_validate_json(json.dumps(header), strict=True)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        name = ".".join(map(str, first["loc"])) or "the header"
        raise ValueError(f"{name}: {first['msg'][0].lower()}{first['msg'][1:]}") from None


def _digest(tensors: Mapping[str, Tensor], header: str) -> str:
    """SHA-256 over names, dtypes, shapes, contents and header."""
    digest = hashlib.sha256(header.encode())
    for name in sorted(tensors):
        tensor = tensors[name]
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode())
        digest.update(tensor.reshape(-1).view(torch.uint8).numpy().data)
    return digest.hexdigest()
