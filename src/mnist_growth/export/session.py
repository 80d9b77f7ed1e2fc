"""Inference with an exported network in onnxruntime."""

from pathlib import Path
from typing import Self

import numpy as np
import onnx
from numpy.typing import NDArray

from mnist_growth.export.float_model import INPUT, OUTPUT
from mnist_growth.export.origin import Origin
from mnist_growth.export.seal import check_seal
from mnist_growth.network import TrainedNetwork
from mnist_growth.network.prediction import CHUNK


class OnnxNetwork:
    """An exported network in onnxruntime.

    Args:
        model: Content of an ONNX file.
        threads: Number of threads within one operation; 0 lets onnxruntime choose.

    Raises:
        ValueError: The content is damaged, has changed since it was exported, or was not exported by this project.
    """

    def __init__(self, model: bytes, threads: int = 0) -> None:
        import onnxruntime  # imported here because other commands do not need it

        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3  # errors only: warnings concern the machine, for example missing GPUs
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1  # a chain of layers has no parallel branches
        check_seal(_parsed(model))
        try:
            self._session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        except Exception as error:  # onnxruntime has no common error type
            raise ValueError(f"The ONNX model cannot be loaded ({_first_line(error)})") from error
        self.origin = Origin.read(self._session.get_modelmeta().custom_metadata_map)

    @classmethod
    def of(cls, model: onnx.ModelProto, threads: int = 0) -> Self:
        """Create a session from a model in memory."""
        return cls(model.SerializeToString(), threads)

    @classmethod
    def load(cls, path: str | Path, threads: int = 0) -> Self:
        """Create a session from a file.

        Raises:
            ValueError: The file is damaged or was not exported by this project.
            OSError: The file cannot be read.
        """
        try:
            return cls(Path(path).read_bytes(), threads)
        except ValueError as error:
            raise ValueError(f"{path}: {error}") from error

    @classmethod
    def find(cls, folder: str | Path, trained: TrainedNetwork, threads: int = 0) -> Self:
        """Create a session from the newest export of a network.

        Args:
            folder: Folder of all versions of exports, `<folder>/<version>/<name>`.
            trained: The network.
            threads: Number of threads within one operation; 0 lets onnxruntime choose.

        Raises:
            ValueError: There is no export of this network.
            OSError: A file cannot be read.
        """
        folder = Path(folder)
        for path in sorted(folder.glob(f"*/{folder.name}"), reverse=True):
            exported = cls.load(path, threads)
            if exported.origin.network_sha256 == trained.sha256:
                return exported
        raise ValueError(
            f"There is no export of the network {trained.version} in {folder}: create one with "
            f"`kedro run --pipeline export --load-versions network:{trained.version}`"
        )

    def predict_logits(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Return logits, float32 [N, C] of C classes, of prepared images, uint8 [N, 28, 28]; thread-safe."""
        if self.origin.preparation.inverts:
            images = 255 - images  # the graph inverts them again
        chunks = [
            self._session.run([OUTPUT], {INPUT: np.ascontiguousarray(images[start : start + CHUNK])})[0]
            for start in range(0, len(images), CHUNK)
        ]
        return np.concatenate(chunks) if chunks else np.empty((0, len(self.origin.class_names)), np.float32)


def _parsed(model: bytes) -> onnx.ModelProto:
    try:
        return onnx.load_model_from_string(model)
    except Exception as error:  # protobuf has no error types
        raise ValueError(f"The ONNX model cannot be loaded ({_first_line(error)})") from error


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
