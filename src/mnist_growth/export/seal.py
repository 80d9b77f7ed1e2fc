"""A checksum in an ONNX file, and the operations that such a file must not contain."""

import hashlib

import onnx

_KEY = "mnist_growth.sha256"

UNBOUNDED = frozenset(
    {"ConstantOfShape", "If", "Loop", "RandomNormal", "RandomUniform", "Range", "Scan", "SequenceMap", "Tile"}
)
"""Operations that no export contains, with which a small file can take any amount of memory or time."""


def seal(model: onnx.ModelProto) -> None:
    """Write the checksum of a model to its metadata, after everything else."""
    _remove(model)
    model.metadata_props.add(key=_KEY, value=_sha256(model))


def check_seal(model: onnx.ModelProto) -> None:
    """Check that a model is as it was exported, before it is loaded.

    Raises:
        ValueError: It has no checksum or another one, or contains an operation that no export has.
    """
    found = {entry.key: entry.value for entry in model.metadata_props}.get(_KEY)
    if found is None:
        raise ValueError(
            "The ONNX model has no checksum of this project: export the network with `kedro run --pipeline export`"
        )
    bare = onnx.ModelProto()
    bare.CopyFrom(model)
    _remove(bare)
    if _sha256(bare) != found:
        raise ValueError(
            "The ONNX model has changed since it was exported, its checksum does not fit: export the network again "
            "with `kedro run --pipeline export`"
        )
    unbounded = sorted({node.op_type for node in model.graph.node} & UNBOUNDED)
    if unbounded or model.functions:
        raise ValueError(
            f"The ONNX model contains {', '.join(unbounded) or 'functions'}, which no export of this project does: "
            "export the network with `kedro run --pipeline export`"
        )


def _remove(model: onnx.ModelProto) -> None:
    """Remove the checksum from the metadata."""
    for entry in [entry for entry in model.metadata_props if entry.key == _KEY]:
        model.metadata_props.remove(entry)


def _sha256(model: onnx.ModelProto) -> str:
    return hashlib.sha256(model.SerializeToString(deterministic=True)).hexdigest()
