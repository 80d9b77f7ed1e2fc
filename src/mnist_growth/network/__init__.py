"""The growing network: the perceptron, its growth, an optimizer that grows along, prediction, and its file."""

from mnist_growth.network.adamw import GrowingAdamW
from mnist_growth.network.averaging import averaged_copy, update_average
from mnist_growth.network.backprop import Backprop, BatchResult
from mnist_growth.network.budget import budgeted_neurons
from mnist_growth.network.complexity import (
    LayerCost,
    forward_multiply_adds,
    layer_costs,
    parameter_count,
    training_multiply_adds,
)
from mnist_growth.network.config import GrowthConfig, NetworkConfig, OperatorName, Stage
from mnist_growth.network.deepening import deepen
from mnist_growth.network.difficulty import gradient_norms
from mnist_growth.network.file import TrainedNetwork, load_network, rebuild_network, save_network
from mnist_growth.network.gradient import Directions, Probe, gradient_directed, gradient_directions, gradient_gain
from mnist_growth.network.growth import Operator, operator_named, widen_together
from mnist_growth.network.mlp import GrowingMLP
from mnist_growth.network.operators import net2net_split, paired, random, zero_fan_out
from mnist_growth.network.placement import equal_width, neurons_to_add, parameters_of_a_unit
from mnist_growth.network.plateau import is_plateau
from mnist_growth.network.prediction import Score, predict_logits, score
from mnist_growth.network.schedule import planned_widths, scheduled_neurons
from mnist_growth.network.tensor_file import check_header, load_tensors, save_tensors, tensors_sha256
from mnist_growth.network.training_memory import MemoryPart, training_memory
from mnist_growth.network.triggers import Moment, neurons_wanted
from mnist_growth.network.widening import BORN, Widening, widen

__all__ = [
    "BORN",
    "Backprop",
    "BatchResult",
    "Directions",
    "GrowingAdamW",
    "GrowingMLP",
    "GrowthConfig",
    "LayerCost",
    "MemoryPart",
    "Moment",
    "NetworkConfig",
    "Operator",
    "OperatorName",
    "Probe",
    "Score",
    "Stage",
    "TrainedNetwork",
    "Widening",
    "averaged_copy",
    "budgeted_neurons",
    "check_header",
    "deepen",
    "equal_width",
    "forward_multiply_adds",
    "gradient_directed",
    "gradient_directions",
    "gradient_gain",
    "gradient_norms",
    "is_plateau",
    "layer_costs",
    "load_network",
    "load_tensors",
    "net2net_split",
    "neurons_to_add",
    "neurons_wanted",
    "operator_named",
    "paired",
    "parameter_count",
    "parameters_of_a_unit",
    "planned_widths",
    "predict_logits",
    "random",
    "rebuild_network",
    "save_network",
    "save_tensors",
    "scheduled_neurons",
    "score",
    "tensors_sha256",
    "training_memory",
    "training_multiply_adds",
    "update_average",
    "widen",
    "widen_together",
    "zero_fan_out",
]
