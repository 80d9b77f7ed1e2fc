"""A trained network as a web service: REST API, dynamic batching and a drawing page; independent of Kedro.

`mnist_growth.serving.server` and `mnist_growth.serving.app` are imported where they are used.
"""

from mnist_growth.serving.config import BackendName, ServingConfig
from mnist_growth.serving.model import ModelSource, ServedModel
from mnist_growth.serving.predictor import OnnxPredictor, Predictor, TorchPredictor

__all__ = [
    "BackendName",
    "ModelSource",
    "OnnxPredictor",
    "Predictor",
    "ServedModel",
    "ServingConfig",
    "TorchPredictor",
]
