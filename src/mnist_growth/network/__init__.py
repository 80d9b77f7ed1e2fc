"""What computes: the interface of every network, its kinds and their specs, prediction, and files."""

from mnist_growth.network.attention import AttentionConfig, AttentionSpec, GrowingAttention
from mnist_growth.network.capsules import CapsuleNetwork, CapsulesConfig, CapsulesSpec
from mnist_growth.network.costs import LayerCost
from mnist_growth.network.file import TrainedNetwork, load_network, rebuild_network, save_network
from mnist_growth.network.folded import FoldedChain
from mnist_growth.network.interface import PIXELS, AffineLayer, Capsules, IntegerLayer, Network
from mnist_growth.network.kinds import NetworkKind, register_kind
from mnist_growth.network.layer_trace import TracedLayer, has_vector_layers, trace_layers
from mnist_growth.network.mlp import GrowingMLP, MLPConfig, MLPSpec
from mnist_growth.network.mode import evaluation_mode
from mnist_growth.network.packed import PackedMLP, PackedSpec
from mnist_growth.network.packed_layer import QuantisedLayer, quantise_activations
from mnist_growth.network.packing import WEIGHT_BITS, largest_code
from mnist_growth.network.prediction import Score, accuracy_of, predict_logits, score
from mnist_growth.network.recording import Recording, record
from mnist_growth.network.residual import ResidualConfig, ResidualNetwork, ResidualSpec
from mnist_growth.network.spec import NetworkConfig, NetworkSpec, Width, build
from mnist_growth.network.tensor_file import check_header, load_tensors, read_header, save_tensors, tensors_sha256
from mnist_growth.network.training_memory import MemoryPart, training_memory
from mnist_growth.network.units import Role, UnitAxis, UnitGroup

__all__ = [
    "PIXELS",
    "WEIGHT_BITS",
    "AffineLayer",
    "AttentionConfig",
    "AttentionSpec",
    "CapsuleNetwork",
    "Capsules",
    "CapsulesConfig",
    "CapsulesSpec",
    "FoldedChain",
    "GrowingAttention",
    "GrowingMLP",
    "IntegerLayer",
    "LayerCost",
    "MLPConfig",
    "MLPSpec",
    "MemoryPart",
    "Network",
    "NetworkConfig",
    "NetworkKind",
    "NetworkSpec",
    "PackedMLP",
    "PackedSpec",
    "QuantisedLayer",
    "Recording",
    "ResidualConfig",
    "ResidualNetwork",
    "ResidualSpec",
    "Role",
    "Score",
    "TracedLayer",
    "TrainedNetwork",
    "UnitAxis",
    "UnitGroup",
    "Width",
    "accuracy_of",
    "build",
    "check_header",
    "evaluation_mode",
    "has_vector_layers",
    "largest_code",
    "load_network",
    "load_tensors",
    "predict_logits",
    "quantise_activations",
    "read_header",
    "rebuild_network",
    "record",
    "register_kind",
    "save_network",
    "save_tensors",
    "score",
    "tensors_sha256",
    "trace_layers",
    "training_memory",
]
