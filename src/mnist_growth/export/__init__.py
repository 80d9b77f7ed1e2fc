"""Export to ONNX in float32 and int8, and inference with onnxruntime.

An exported network maps raw images, uint8 [N, 28, 28] with grey values 0 to 255, to logits, float32 [N, 10].
"""

from mnist_growth.export.config import ExportConfig
from mnist_growth.export.float_model import float_model, trace
from mnist_growth.export.int8_model import exact_integer_model, int8_model, integer_model, may_saturate
from mnist_growth.export.measures import MAX_RELATIVE_CHANGE, compare_outputs, export_metrics, runtime
from mnist_growth.export.origin import Origin, origin_of
from mnist_growth.export.session import OnnxNetwork
from mnist_growth.export.traced_int8 import traced_int8_model

__all__ = [
    "MAX_RELATIVE_CHANGE",
    "ExportConfig",
    "OnnxNetwork",
    "Origin",
    "compare_outputs",
    "exact_integer_model",
    "export_metrics",
    "float_model",
    "int8_model",
    "integer_model",
    "may_saturate",
    "origin_of",
    "runtime",
    "trace",
    "traced_int8_model",
]
