"""A trained network as a service: REST, batching, a page to draw on. Knows no Kedro.

``mnist_growth.serving.server`` listens and ``mnist_growth.serving.app`` answers; they are imported where they are used.
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
