"""The forms in which a network can be run: PyTorch, ONNX and int8, and what the tools of onnxruntime make of it."""

import logging
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import torch
from numpy.typing import NDArray
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_dynamic, quantize_static
from torch import nn

from benchmarks.common.base_parameters import from_base
from mnist_growth import export
from mnist_growth.export import ExportConfig
from mnist_growth.network import TrainedNetwork

Answer = Callable[[NDArray[np.uint8]], Any]
"""Gives the logits of images uint8 [N, 28, 28]."""

QUANTISATION = {"per_channel": True, "weight_type": QuantType.QInt8}


class Batches(CalibrationDataReader):  # type: ignore[misc]
    """Calibration images in batches, as onnxruntime reads them."""

    def __init__(self, images: NDArray[np.uint8]) -> None:
        self._batches = iter(np.array_split(np.asarray(images), max(1, len(images) // 500)))

    def get_next(self) -> dict[str, NDArray[np.uint8]] | None:
        """Return the next batch; None at the end."""
        batch = next(self._batches, None)
        return None if batch is None else {"images": batch}


def onnx_models(trained: TrainedNetwork, train_images: NDArray[np.uint8]) -> dict[str, bytes]:
    """Return the content of the ONNX file of each form.

    Args:
        trained: The network.
        train_images: Images from which the ranges of activations are measured.
    """
    layers, origin = trained.network.affine_chain(), export.origin_of(trained)
    assert layers is not None
    float_model = export.float_model(trained.network, origin).SerializeToString()
    config = from_base(ExportConfig, "export")
    calibration = train_images[:: max(1, len(train_images) // config.calibration_digits)]
    return {
        "onnx": float_model,
        "int8": export.int8_model(layers, calibration, origin, config.weight_bits).SerializeToString(),
        **quantised_by_onnxruntime(float_model, calibration),
    }


def quantised_by_onnxruntime(model: bytes, calibration: NDArray[np.uint8]) -> dict[str, bytes]:
    """Quantise the float32 model with the tools of onnxruntime: static, as QDQ and as QOperator, and dynamic."""
    logging.disable(logging.WARNING)  # advice that concerns other networks
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "float.onnx"
        source.write_bytes(model)
        paths = {name: Path(folder) / f"{name}.onnx" for name in ("static QDQ", "static QOperator", "dynamic")}
        for name, form in (("static QDQ", QuantFormat.QDQ), ("static QOperator", QuantFormat.QOperator)):
            batches = Batches(calibration)
            quantize_static(
                source, paths[name], batches, quant_format=form, activation_type=QuantType.QUInt8, **QUANTISATION
            )
        quantize_dynamic(source, paths["dynamic"], **QUANTISATION)
        logging.disable(logging.NOTSET)
        return {name: path.read_bytes() for name, path in paths.items()}


def answers(network: nn.Module, models: dict[str, bytes], threads: int) -> dict[str, Answer]:
    """Load all forms.

    Args:
        network: The network in PyTorch.
        models: Content of the ONNX file of each other form.
        threads: Number of computing threads.
    """

    def eager(images: NDArray[np.uint8]) -> torch.Tensor:
        with torch.inference_mode():
            logits: torch.Tensor = network(torch.from_numpy(images))
        return logits

    torch.set_num_threads(threads)
    return {"torch": eager, **{name: session(model, threads) for name, model in models.items()}}


def session(model: bytes, threads: int) -> Answer:
    """Load one ONNX model; the tools of onnxruntime drop the metadata that `export.OnnxNetwork` requires."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads, options.log_severity_level = threads, 1, 3
    loaded = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    return lambda images: loaded.run(None, {"images": images})[0]
