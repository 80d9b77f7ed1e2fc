"""Measure what zero weights buy: the latency of sparse against dense matrix products.

Prunes a network of the default size to several sparsities and lets the same chain of affine maps answer in turn: dense
in PyTorch, sparse (CSR) in PyTorch and SciPy, and as the ONNX model in onnxruntime, for one image and for a batch. On
an NVIDIA GPU it also compares float16 matrix products in the 2:4 pattern with dense ones. Times do not depend on the
values of the weights, so an untrained network is used. Prints a table and writes sparse.json.
"""

import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
import scipy.sparse
import torch
from torch import Tensor
from torch.sparse import to_sparse_semi_structured

from benchmarks.common.base_parameters import from_base
from benchmarks.common.circumstances import Circumstances
from benchmarks.common.cli import parser
from benchmarks.common.networks import untrained
from benchmarks.common.results import write_results
from benchmarks.common.tables import machine_line, markdown
from benchmarks.speed.inference import PAUSE_SECONDS, seconds_per_call, summary, warm_up
from benchmarks.speed.network_forms import session
from mnist_growth import export
from mnist_growth.compression.sparsity import pruning_masks, two_of_four_masks
from mnist_growth.growth import GrowthConfig
from mnist_growth.network import Network, NetworkConfig, TrainedNetwork

NAME = "sparse"
SPARSITIES = (0.9, 0.95, 0.99)
BATCHES = (1, 256)
GPU_BATCH = 4096

Layers = Sequence[tuple[Tensor, Tensor]]
Answer = Callable[[Any], Any]


def main() -> None:
    """Measure, print and write."""
    options_parser = parser(__doc__, "one round, one sparsity")
    options_parser.add_argument("--rounds", type=int, default=15, help="of all forms in turn")
    options = options_parser.parse_args()
    if options.quick:
        options.rounds = 1
    circumstances = Circumstances.now(quick=options.quick)
    torch.set_num_threads(1)
    cpu = [
        row
        for sparsity in SPARSITIES[: 1 if options.quick else None]
        for size in BATCHES
        for row in measure(pruned(sparsity), size, options.rounds, sparsity)
    ]
    gpu = two_of_four_on_gpu(options.rounds) if torch.cuda.is_available() else None
    findings = {"widths": list(default_network().widths), "cpu": cpu, "gpu_2_4": gpu}
    path = write_results(NAME, circumstances, findings, n=options.rounds, quick=options.quick)
    print(table({**asdict(circumstances), **findings}))
    print(f"\nWrote {path}.")


def default_network() -> Network:
    """Return an untrained network of the default kind at its largest width."""
    spec = from_base(NetworkConfig, "network").spec(from_base(GrowthConfig, "growth").max_neurons)
    return untrained(spec.widths)


def pruned(sparsity: float) -> Network:
    """Return a network with a share of zero weights."""
    network = default_network()
    with torch.no_grad():
        for name, kept in pruning_masks(network, sparsity, "magnitude").items():
            network.get_parameter(name).mul_(kept)
    return network


def measure(network: Network, size: int, rounds: int, sparsity: float) -> list[dict[str, Any]]:
    """Time all forms of a network in turn."""
    images = np.random.default_rng(0).integers(0, 256, (size, 28, 28), dtype=np.uint8)
    forms = forms_of(network)
    repeats = {name: warm_up(answer, images) for name, answer in forms.items()}
    times: dict[str, list[float]] = {name: [] for name in forms}
    for _ in range(rounds):
        for name, answer in forms.items():
            time.sleep(PAUSE_SECONDS)
            times[name].append(seconds_per_call(answer, images, repeats[name]))
    return [
        {
            "sparsity": sparsity,
            "batch": size,
            "form": name,
            "milliseconds": summary([1e3 * value for value in values]),
            "ratio_to_dense": summary([mine / dense for mine, dense in zip(values, times["torch"], strict=True)]),
        }
        for name, values in times.items()
    ]


def forms_of(network: Network) -> dict[str, Answer]:
    """Return the ways to compute the logits of images, uint8 [N, 28, 28]."""
    chain = network.affine_chain()
    assert chain is not None
    dense = [(torch.from_numpy(layer.weight).float(), torch.from_numpy(layer.bias).float()) for layer in chain]
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Sparse CSR tensor support is in beta", UserWarning)
        csr = [(weight.to_sparse_csr(), bias) for weight, bias in dense]
    scipy_layers = [(scipy.sparse.csr_array(weight.numpy()), bias.numpy()[:, np.newaxis]) for weight, bias in dense]
    model = export.float_model(network, export.origin_of(TrainedNetwork(network, "none", "", 0)))

    def with_torch(layers: Layers) -> Answer:
        def answer(images: Any) -> Tensor:
            outputs = torch.from_numpy(images).reshape(len(images), -1).float().t()
            for index, (weight, bias) in enumerate(layers):
                outputs = (weight @ outputs).add_(bias.unsqueeze(1))
                outputs = outputs if index == len(layers) - 1 else outputs.relu_()
            return outputs.t()

        return answer

    def with_scipy(images: Any) -> Any:
        outputs = images.reshape(len(images), -1).astype(np.float32).T
        for index, (weight, bias) in enumerate(scipy_layers):
            outputs = weight @ outputs + bias
            outputs = outputs if index == len(scipy_layers) - 1 else np.maximum(outputs, 0)
        return outputs.T

    return {
        "torch": with_torch(dense),
        "torch CSR": with_torch(csr),
        "SciPy CSR": with_scipy,
        "onnxruntime": session(model.SerializeToString(), 1),
    }


def two_of_four_on_gpu(rounds: int) -> dict[str, Any]:
    """Time the hidden matrix products of a large batch in float16, dense and in the 2:4 pattern."""
    network = default_network()
    milliseconds: dict[str, dict[str, float]] = {}
    for name, mask in two_of_four_masks(network).items():
        dense = (network.get_parameter(name).detach() * mask).half().cuda()
        inputs = torch.rand(dense.shape[1], GPU_BATCH, device="cuda", dtype=torch.float16)
        sparse = to_sparse_semi_structured(dense)
        milliseconds[name] = {
            "dense": min(_gpu_milliseconds(dense, inputs) for _ in range(rounds)),
            "2:4": min(_gpu_milliseconds(sparse, inputs) for _ in range(rounds)),
        }
    return {"device": torch.cuda.get_device_name(), "batch": GPU_BATCH, "milliseconds": milliseconds}


def _gpu_milliseconds(weight: Tensor, inputs: Tensor, calls: int = 100) -> float:
    for _ in range(10):
        weight @ inputs
    torch.cuda.synchronize()
    started = time.perf_counter()
    for _ in range(calls):
        weight @ inputs
    torch.cuda.synchronize()
    return 1e3 * (time.perf_counter() - started) / calls


def table(results: Mapping[str, Any]) -> str:
    """Format the latencies."""
    rows = [
        (
            f"{row['sparsity']:.0%}",
            row["batch"],
            row["form"],
            f"{row['milliseconds']['median']:.3f}",
            f"{row['ratio_to_dense']['median']:.2f}",
        )
        for row in results["cpu"]
    ]
    lines = [markdown(("sparsity", "images per call", "form", "ms", "ratio to dense torch"), rows), ""]
    if results["gpu_2_4"] is not None:
        gpu = results["gpu_2_4"]
        products = [(name, f"{ms['dense']:.4f}", f"{ms['2:4']:.4f}") for name, ms in gpu["milliseconds"].items()]
        title = f"matrix ({gpu['device']}, {gpu['batch']} images)"
        lines += [markdown((title, "dense, ms", "2:4, ms"), products), ""]
    return "\n".join([*lines, machine_line(results)])


if __name__ == "__main__":
    main()
