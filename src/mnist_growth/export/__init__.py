"""The trained network for others than torch: ONNX files of float32 and of 8-bit integers, and running them.

An exported network takes raw images, uint8 [N, 28, 28] with grey values 0 to 255, and gives logits, float32 [N, 10].
"""

from mnist_growth.export.config import ExportConfig
from mnist_growth.export.float_model import float_model
from mnist_growth.export.int8_model import int8_model
from mnist_growth.export.measures import MOST_CHANGE, compare_outputs, export_metrics, runtime
from mnist_growth.export.origin import Origin, origin_of
from mnist_growth.export.session import OnnxNetwork

__all__ = [
    "MOST_CHANGE",
    "ExportConfig",
    "OnnxNetwork",
    "Origin",
    "compare_outputs",
    "export_metrics",
    "float_model",
    "int8_model",
    "origin_of",
    "runtime",
]
