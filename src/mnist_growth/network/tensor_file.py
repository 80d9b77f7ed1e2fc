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

_METADATA = "mnist-growth"
"""The only metadata key: safetensors writes several keys in random order, and equal contents give equal bytes."""

_FORMAT = 2


def save_tensors(path: str | Path, kind: str, tensors: Mapping[str, Tensor], header: Mapping[str, Any]) -> None:
    """Write tensors and a header in one step: the file is complete or not there. Equal contents give equal bytes.

    Args:
        path: The file to write.
        kind: What the file is ("network", "checkpoint"); checked when it is read.
        tensors: Of any dtype, on any device.
        header: Values that `json.dumps` can write.

    Raises:
        OSError: The folder cannot be written to, or the disk is full.
    """
    plain = _plain(tensors)
    content = {"format": _FORMAT, "kind": kind, "header": header, "sha256": _digest(plain, _json(header))}
    with atomic_path(Path(path)) as temporary:
        try:
            save_file(plain, temporary, {_METADATA: _json(content)})
        except SafetensorError as error:  # safetensors wraps errors of the file system
            raise OSError(f"{path} could not be written: {error}") from error


def _plain(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Tensors on the CPU, each contiguous in its own memory, as the format requires; copied only where necessary."""
    plain: dict[str, Tensor] = {}
    storages: set[int] = set()
    for name, tensor in tensors.items():
        own = tensor.detach().cpu().contiguous()
        if own.untyped_storage().nbytes() != own.nbytes or own.data_ptr() in storages:
            own = own.clone()
        storages.add(own.data_ptr())
        plain[name] = own
    return plain


def load_tensors(path: str | Path, kind: str) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Read what `save_tensors` wrote; tensors are on the CPU, each in its own memory.

    Raises:
        ValueError: The file is damaged or of another kind or format.
        OSError: The file cannot be read.
    """
    _check_is_file(path)
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            tensors = {name: file.get_tensor(name).clone() for name in file.keys()}  # noqa: SIM118
    except SafetensorError as error:
        raise ValueError(f"{path} is damaged ({error}): restore it from a copy or choose another version") from error
    content = _read_metadata(path, metadata)
    if content["kind"] != kind:
        raise ValueError(f"{path} is a {content['kind']} file; expected a {kind} file: choose another file")
    if content["sha256"] != _digest(tensors, _json(content["header"])):
        raise ValueError(f"{path} is damaged (its checksum does not match): restore it or choose another version")
    return tensors, content["header"]


def read_header(path: str | Path) -> dict[str, Any]:
    """Read the header of a file that `save_tensors` wrote, without its tensors and without checking them.

    Raises:
        ValueError: The file is damaged or was not written by `save_tensors`.
        OSError: The file cannot be read.
    """
    _check_is_file(path)
    try:
        with safe_open(path, framework="pt") as file:
            header: dict[str, Any] = _read_metadata(path, file.metadata() or {})["header"]
    except SafetensorError as error:
        raise ValueError(f"{path} is damaged ({error}): restore it from a copy or choose another version") from error
    return header


def _check_is_file(path: str | Path) -> None:
    """Check that a path is not a folder, about which safetensors says "No such device".

    Raises:
        ValueError: It is a folder.
    """
    if Path(path).is_dir():
        raise ValueError(f"{path} is a folder, expected a file: move it or choose another version")


def _read_metadata(path: str | Path, metadata: Mapping[str, str]) -> dict[str, Any]:
    """The format, kind, header and checksum of a file.

    Raises:
        ValueError: The file was not written by this version, or its metadata are damaged.
    """
    if _METADATA not in metadata:
        kind = metadata.get("kind", "")
        if kind.startswith("mnist-growth "):
            raise ValueError(
                f"{path} has the old format {kind!r}, which this version does not read: train the network again, or "
                "use the version of mnist-growth that wrote the file"
            )
        raise ValueError(f"{path} is not a file of mnist-growth: choose a file that it wrote")
    try:
        content = json.loads(metadata[_METADATA])
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{path} has metadata that cannot be read ({error}): choose another version") from error
    if not isinstance(content, dict) or content.get("format") != _FORMAT:
        found = content.get("format") if isinstance(content, dict) else content
        raise ValueError(f"{path} has the format {found!r}; expected {_FORMAT}: choose a file that this version wrote")
    if content.keys() != {"format", "kind", "header", "sha256"} or not isinstance(content["header"], dict):
        raise ValueError(f"{path} has incomplete metadata: restore it from a copy or choose another version")
    return content


def _json(value: Mapping[str, Any]) -> str:
    """JSON that is the same text for equal values."""
    return json.dumps(value, sort_keys=True)


def tensors_sha256(tensors: Mapping[str, Tensor]) -> str:
    """SHA-256 (hex) over names, dtypes, shapes and contents of tensors."""
    return _digest({name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}, "")


def check_header(header: Mapping[str, Any], model: type[Model]) -> Model:
    """Restore the types of the header's values, which JSON does not keep.

    Raises:
        ValueError: A value is missing, unexpected or of another type; names the first.
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
