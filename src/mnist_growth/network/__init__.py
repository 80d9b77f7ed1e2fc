"""The growing network: the perceptron, its growth, an optimizer that grows along, prediction, and its file."""

from mnist_growth.network.adamw import GrowingAdamW
from mnist_growth.network.averaging import averaged_copy, update_average
from mnist_growth.network.config import GrowthConfig, NetworkConfig
from mnist_growth.network.file import TrainedNetwork, load_network, save_network
from mnist_growth.network.mlp import GrowingMLP
from mnist_growth.network.operators import OPERATORS, NewNeurons, zero_fan_out
from mnist_growth.network.prediction import Score, predict_logits, score
from mnist_growth.network.schedule import scheduled_neurons
from mnist_growth.network.tensor_file import load_tensors, save_tensors
from mnist_growth.network.widening import widen, widen_together

__all__ = [
    "OPERATORS",
    "GrowingAdamW",
    "GrowingMLP",
    "GrowthConfig",
    "NetworkConfig",
    "NewNeurons",
    "Score",
    "TrainedNetwork",
    "averaged_copy",
    "load_network",
    "load_tensors",
    "predict_logits",
    "save_network",
    "save_tensors",
    "scheduled_neurons",
    "score",
    "update_average",
    "widen",
    "widen_together",
    "zero_fan_out",
]
