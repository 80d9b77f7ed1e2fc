"""Running an exported network with onnxruntime."""

from pathlib import Path
from typing import Self

import numpy as np
import onnx
from numpy.typing import NDArray

from mnist_growth.digits.digits import NUM_CLASSES
from mnist_growth.export.float_model import INPUT, OUTPUT
from mnist_growth.export.origin import Origin
from mnist_growth.network.prediction import CHUNK


class OnnxNetwork:
    """An exported network that is ready to predict.

    Args:
        model: Content of an ONNX file.
        threads: Threads for the products of one call; 0 leaves the number to onnxruntime.

    Raises:
        ValueError: The content is damaged, or not a network that this project has exported.
    """

    def __init__(self, model: bytes, threads: int = 0) -> None:
        import onnxruntime  # here: commands that only know of exports do not wait for it

        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3  # errors only: its warnings are about the machine, such as missing GPUs
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1  # the network is a chain: there is nothing to run side by side
        try:
            self._session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        except Exception as error:  # its errors have no common type below Exception
            raise ValueError(f"the ONNX model cannot be used ({str(error).splitlines()[0]})") from error
        self.origin = Origin.read(self._session.get_modelmeta().custom_metadata_map)

    @classmethod
    def of(cls, model: onnx.ModelProto, threads: int = 0) -> Self:
        """Make a model ready that is in memory."""
        return cls(model.SerializeToString(), threads)

    @classmethod
    def load(cls, path: Path, threads: int = 0) -> Self:
        """Make the model in a file ready.

        Raises:
            ValueError: The file is damaged, or not a network that this project has exported.
            OSError: The file cannot be read.
        """
        try:
            return cls(path.read_bytes(), threads)
        except ValueError as error:
            raise ValueError(f"{path}: {error}") from error

    @classmethod
    def find(cls, folder: Path, version: str, threads: int = 0) -> Self:
        """Make the newest export of a network ready.

        Args:
            folder: Of all versions of exports, `<folder>/<version>/<name>`.
            version: Of the network, which is that of its export only by chance.
            threads: As above.

        Raises:
            ValueError: The network has not been exported.
            OSError: A file cannot be read.
        """
        for path in sorted(folder.glob(f"*/{folder.name}"), reverse=True):
            exported = cls.load(path, threads)
            if exported.origin.version == version:
                return exported
        raise ValueError(
            f"There is no export of the network {version} in {folder}: make one with "
            f"`kedro run --pipeline export --load-versions network:{version}`"
        )

    def predict_logits(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Logits, float32 [N, 10], of images, uint8 [N, 28, 28]; may be called by several threads at once."""
        chunks = [
            self._session.run([OUTPUT], {INPUT: np.ascontiguousarray(images[start : start + CHUNK])})[0]
            for start in range(0, len(images), CHUNK)
        ]
        return np.concatenate(chunks) if chunks else np.empty((0, NUM_CLASSES), np.float32)
