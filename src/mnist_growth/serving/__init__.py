"""A trained network as a service. Knows no Kedro."""

from mnist_growth.serving.predictor import Predictor, TorchPredictor, folded_layers

__all__ = ["Predictor", "TorchPredictor", "folded_layers"]
