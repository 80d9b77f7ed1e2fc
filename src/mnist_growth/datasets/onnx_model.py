"""An exported network in the catalog."""

from pathlib import Path

import onnx

from mnist_growth.datasets.versioned_file import VersionedFileDataset, path_to_load
from mnist_growth.machine import atomic_path


class OnnxModelDataset(VersionedFileDataset[onnx.ModelProto, onnx.ModelProto]):
    """An ONNX model in one file, including its weights."""

    def load(self) -> onnx.ModelProto:
        """Read the model.

        Raises:
            FileNotFoundError: There is no exported network, or not the requested version.
            ValueError: The file is damaged.
        """
        path = path_to_load(self, "exported network", pipeline="export")
        try:
            return onnx.load_model_from_string(path.read_bytes())
        except Exception as error:  # protobuf has no error types
            raise ValueError(
                f"{path} is not an ONNX model ({error}): create it again with `kedro run --pipeline export`"
            ) from error

    def save(self, data: onnx.ModelProto) -> None:
        """Write the model atomically."""
        with atomic_path(Path(self._get_save_path())) as path:
            path.write_bytes(data.SerializeToString())
