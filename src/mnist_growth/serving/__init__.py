"""A trained network as a service: REST, batching, a page to draw on. Knows no Kedro."""

from mnist_growth.serving.config import BackendName, ServingConfig
from mnist_growth.serving.model import ModelSource, ServedModel
from mnist_growth.serving.predictor import Predictor, TorchPredictor
from mnist_growth.serving.server import serve

__all__ = [
    "BackendName",
    "ModelSource",
    "Predictor",
    "ServedModel",
    "ServingConfig",
    "TorchPredictor",
    "serve",
]
