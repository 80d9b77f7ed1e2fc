"""Whether the processes of a training are alike: version, parameters, digits and devices."""

import hashlib
import json
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

import mnist_growth
from mnist_growth.nested import flatten
from mnist_growth.training.setup import TrainingSetup


@dataclass(frozen=True)
class Identity:
    """What must agree among the processes of a training.

    Attributes:
        host: Name of the machine.
        version: Of the project, with the beginning of the SHA-256 of its code, and of torch.
        gpu: Unique id of the GPU that the process computes on; empty without one.
        setup: All parameters, and the digits, as plain values.
    """

    host: str
    version: str
    gpu: str
    setup: Mapping[str, Any]

    @classmethod
    def own(cls, setup: TrainingSetup, device: torch.device) -> "Identity":
        """Return the identity of this process."""
        gpu = str(torch.cuda.get_device_properties(device).uuid) if device.type == "cuda" else ""
        content = json.loads(json.dumps(setup.to_dict()))
        return cls(socket.gethostname(), project_version(), gpu, {**content, "threads": None})


def project_version() -> str:
    """Return the version of the project, with the beginning of the SHA-256 of its code, and that of torch."""
    digest = hashlib.sha256()
    root = Path(mnist_growth.__file__).parent
    for path in sorted(root.rglob("*.py")):
        digest.update(f"{path.relative_to(root)}\n".encode() + path.read_bytes())
    return f"{mnist_growth.__version__} (code {digest.hexdigest()[:8]}, torch {torch.__version__})"


def check_alike(identities: Sequence[Identity]) -> None:
    """Refuse processes that cannot train together.

    Args:
        identities: Of all processes, in the order of their ranks.

    Raises:
        ValueError: Two of them differ, or share a GPU.
    """
    first = identities[0]
    gpus: dict[str, int] = {}
    for rank, other in enumerate(identities):
        where = f"process {rank} on {other.host}"
        if other.version != first.version:
            raise ValueError(
                f"The machines have different versions of the project: process 0 on {first.host} has {first.version}, "
                f"{where} has {other.version}; install the same version on all of them"
            )
        before, after = flatten(dict(first.setup)), flatten(dict(other.setup))
        differing = [name for name in sorted(before.keys() | after.keys()) if before.get(name) != after.get(name)]
        if differing:
            name = differing[0]
            raise ValueError(
                f"The machines have different parameters or digits: {name} is {before.get(name)!r} in process 0 on "
                f"{first.host} and {after.get(name)!r} in {where}; start all of them with the same command and digits"
            )
        if other.gpu and other.gpu in gpus:
            raise ValueError(
                f"Process {gpus[other.gpu]} and {where} ask for the same GPU, but each process needs one of its own: "
                "decrease distribution.processes, or set device=cpu"
            )
        gpus[other.gpu] = rank
