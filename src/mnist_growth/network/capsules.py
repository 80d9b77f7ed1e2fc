"""The capsule network whose primary capsules can be widened."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Annotated, Literal, Self

import torch
from pydantic import Field
from torch import Tensor, nn

from mnist_growth.config_model import ConfigModel
from mnist_growth.digits.statistics import PixelStatistics
from mnist_growth.network.costs import LayerCost
from mnist_growth.network.hidden_layer import HiddenLayer, chain_of_groups
from mnist_growth.network.interface import PIXELS, Capsules, Network
from mnist_growth.network.kinds import NetworkKind, register_kind
from mnist_growth.network.spec import NetworkConfig, NetworkSpec, Width
from mnist_growth.network.units import UnitAxis, UnitGroup

SMALLEST_ODDS = 1e-4
"""Added to the odds of a class: the logits and their gradients are finite where a digit capsule is zero."""

CapsuleSize = Annotated[int, Field(ge=1, le=256)]
"""Number of entries of a capsule."""

Iterations = Annotated[int, Field(ge=1, le=10)]
"""Number of iterations of dynamic routing."""


class CapsulesSpec(NetworkSpec):
    """A capsule network."""

    kind: Literal["capsules"] = "capsules"
    hidden_widths: tuple[Width, ...]
    primary_capsules: Width
    primary_size: CapsuleSize
    digit_size: CapsuleSize
    routing_iterations: Iterations

    @property
    def widths(self) -> tuple[int, ...]:
        """Units of each hidden layer, then the number of primary capsules."""
        return (*self.hidden_widths, self.primary_capsules)

    @property
    def unit_sizes(self) -> tuple[int, ...]:
        """A primary capsule has ``primary_size`` neurons."""
        return (*(1,) * len(self.hidden_widths), self.primary_size)

    @property
    def min_batch_size(self) -> int:
        """Batch norm needs two images to measure a variance."""
        return 2 if self.hidden_widths else 1

    def with_widths(self, widths: Sequence[int]) -> Self:
        """Return a network with other numbers of units and capsules.

        Raises:
            ValueError: There is another number of groups of units.
        """
        if len(widths) != len(self.widths):
            raise ValueError(
                f"A capsule network with {len(self.hidden_widths)} hidden layers has {len(self.widths)} widths, the "
                f"last one of its primary capsules, but {len(widths)} were given: layers cannot be added"
            )
        return self.model_copy(update={"hidden_widths": tuple(widths[:-1]), "primary_capsules": widths[-1]})

    def costs(self) -> tuple[LayerCost, ...]:
        """Return the cost of each hidden layer, of the primary capsules, and of the digit capsules with their routing.

        The first iteration of routing is one product with the matrices of the votes. Each further one has two: one
        for the agreements, which keeps their terms, and one for the sums, which keeps the weighted primary capsules;
        both are as large as the primary capsules for each class. Hidden layers keep their sums before batch norm and
        their outputs, primary capsules their entries before and after squashing, the first layer also the pixels.
        """
        entries = self.primary_capsules * self.primary_size
        votes, further = self.classes * self.digit_size, self.routing_iterations - 1
        costs = [
            LayerCost.of(
                layer,
                f"hidden {layer}" if layer <= len(self.hidden_widths) else "primary",
                fan_in,
                fan_out,
                parameters=(fan_in + (2 if layer <= len(self.hidden_widths) else 1)) * fan_out,
                multiply_adds=fan_in * fan_out,
                activations=2 * fan_out + (PIXELS if layer == 1 else 0),
            )
            for layer, (fan_in, fan_out) in enumerate(pairwise([PIXELS, *self.hidden_widths, entries]), start=1)
        ]
        digits = LayerCost.of(
            len(costs) + 1,
            "routing",
            entries,
            votes,
            parameters=entries * votes,
            multiply_adds=(1 + 2 * further) * entries * votes,
            activations=further * self.classes * (2 * entries + self.primary_capsules)
            + 2 * self.routing_iterations * votes,
        )
        return (*costs, digits)


class CapsulesSizes(ConfigModel):
    """Sizes of a capsule network that growth does not change.

    Attributes:
        hidden_layers: Number of hidden layers before the primary capsules.
        primary_size: Entries of a primary capsule.
        digit_size: Entries of a digit capsule.
        routing_iterations: Iterations of dynamic routing.
    """

    hidden_layers: Annotated[int, Field(ge=0, le=16)]
    primary_size: CapsuleSize
    digit_size: CapsuleSize
    routing_iterations: Iterations


class CapsulesConfig(NetworkConfig):
    """Architecture of a capsule network."""

    kind: Literal["capsules"]
    capsules: CapsulesSizes

    def spec(self, neurons: int) -> CapsulesSpec:
        """Return a network whose hidden layers and primary capsules have ``neurons`` neurons each.

        Raises:
            ValueError: The neurons do not make up whole capsules.
        """
        sizes = self.capsules
        if neurons % sizes.primary_size:
            raise ValueError(
                f"Parameter 'growth.initial_neurons' is {neurons}, but a primary capsule has {sizes.primary_size} "
                f"neurons ('network.capsules.primary_size'); choose a multiple of {sizes.primary_size}."
            )
        return CapsulesSpec(
            hidden_widths=(neurons,) * sizes.hidden_layers,
            primary_capsules=neurons // sizes.primary_size,
            primary_size=sizes.primary_size,
            digit_size=sizes.digit_size,
            routing_iterations=sizes.routing_iterations,
        )


@dataclass(frozen=True, eq=False)
class Routing:
    """Result of dynamic routing.

    Attributes:
        sums: Of the votes, weighted with the couplings, for each class j, float [C, N, D].
        couplings: c_ij, the part of the vote of primary capsule i that goes to class j, float [C, N, I].
    """

    sums: Tensor
    couplings: Tensor


class CapsuleNetwork(Network):
    """A capsule network (Sabour, Frosst and Hinton 2017) on 28 x 28 images without convolutions.

    Hidden layers relu(norm(W x)), an affine map to primary capsules u_i, squashed, votes u_ij = W_ij u_i for the digit
    capsule of each class j, and dynamic routing. The length of digit capsule v_j is the probability p_j that a digit of
    class j is in the image (section 2). The logit of a class is the logarithm of its odds, log(p_j / (1 - p_j)): the
    sigmoid of a logit is the length of the digit capsule, and if exactly one class is present, softmax of the logits
    gives its probabilities, because P(only j) is proportional to p_j prod_{k != j} (1 - p_k).

    A new primary capsule whose matrices W_ij are zero does not change the function. Its votes are zero, so that it adds
    c_ij 0 to every sum s_j, whatever its couplings. Its routing logits b_ij = sum of v_j . u_ij stay zero. The coupling
    c_ij is a softmax over the classes j for one primary capsule i: those of all other primary capsules depend on their
    own votes and the v_j only, which have not changed, at every iteration.

    Args:
        spec: Sizes.
        pixels: Mean and standard deviation of the training pixels.
        generator: Source of the initial weights; torch's global one if None.
    """

    def __init__(self, spec: CapsulesSpec, pixels: PixelStatistics, generator: torch.Generator | None = None) -> None:
        super().__init__(pixels)
        self._sizes = spec.model_copy(update={"hidden_widths": (), "primary_capsules": 1})
        widths = [PIXELS, *spec.hidden_widths]
        entries, votes = spec.primary_capsules * spec.primary_size, spec.classes * spec.digit_size
        self.hidden = nn.ModuleList(HiddenLayer(*pair, batch_norm=True) for pair in pairwise(widths))
        self.primary = nn.Linear(widths[-1], entries)
        self.votes = nn.Linear(entries, votes, bias=False)
        nn.init.zeros_(self.primary.bias)
        for module in self.modules():
            if isinstance(module, nn.Linear):
                # The couplings start at 1 / C, so that the votes are as large as other sums with weights C x as large.
                gain = spec.classes if module is self.votes else 1.0
                bound = gain * module.in_features**-0.5
                nn.init.uniform_(module.weight, -bound, bound, generator)

    @property
    def spec(self) -> CapsulesSpec:
        """Units of the hidden layers, number of primary capsules, and the sizes that growth does not change."""
        fixed = self._sizes
        return fixed.model_copy(
            update={
                "hidden_widths": tuple(layer.linear.out_features for layer in self.hidden),  # type: ignore[union-attr]
                "primary_capsules": self.primary.out_features // fixed.primary_size,
            }
        )

    def forward(self, images: Tensor) -> Tensor:
        """Return logits, float [N, C], of images, uint8 or float [N, 28, 28], with grey values from 0 to 255."""
        return self.logits(self.route(self.primary_capsules(images)).sums)

    def capsules(self, images: Tensor) -> Capsules:
        """Return the lengths of all capsules and the couplings of the last iteration."""
        primary = self.primary_capsules(images)
        routing = self.route(primary)
        return Capsules(
            primary=primary.norm(dim=2),
            couplings=routing.couplings.permute(1, 2, 0),
            digits=squash(routing.sums).norm(dim=2).transpose(0, 1),
        )

    def primary_capsules(self, images: Tensor) -> Tensor:
        """Return the primary capsules u_i, float [N, I, d]; arguments as those of ``forward``."""
        activations = self.normalised(images)
        for layer in self.hidden:
            activations = layer(activations)
        spec = self.spec
        sums = self.primary(activations).to(self.dtype)
        return squash(sums.reshape(-1, spec.primary_capsules, spec.primary_size))

    def route(self, primary: Tensor) -> Routing:
        """Route the votes of primary capsules (Procedure 1).

        The votes are not computed one by one. The sums are sum_i W_ij (c_ij u_i), products of the matrices with
        weighted capsules, and the agreements v_j . (W_ij u_i) are (W_ij^T v_j) . u_i. The sums with the couplings 1 / C
        of the first iteration are a term of all later ones, which add those with c_ij - 1 / C. The gradient of this
        term is therefore that of the votes of a capsule that does not exist yet.

        Args:
            primary: u_i, float [N, I, d].
        """
        classes, size = self._sizes.classes, self._sizes.digit_size
        # The routing logits start at 0: all couplings are 1 / C.
        votes: Tensor = self.votes(primary.flatten(1))
        uniform = votes.to(self.dtype).reshape(-1, classes, size).transpose(0, 1) / classes
        sums = uniform
        couplings = primary.new_full((), 1 / classes).expand(classes, *primary.shape[:2])
        digits: Tensor | None = None
        # Elementwise operations are several times faster with the capsules, not their few entries, as the last axis.
        matrices = self.votes.weight.reshape(classes, size, -1, primary.shape[2]).transpose(2, 3).flatten(2)
        entries = primary.transpose(1, 2).contiguous()  # [N, d, I]
        for _ in range(self._sizes.routing_iterations - 1):
            # The routing logits are sums over the iterations, and linear in v_j.
            digits = squash(sums) if digits is None else digits + squash(sums)
            terms = torch.bmm(digits, matrices).reshape(classes, -1, *entries.shape[1:])  # [C, N, d, I]
            low = entries.to(terms.dtype)
            agreements = (terms * low).sum(2).to(self.dtype)
            couplings = torch.softmax(agreements, dim=0)
            weighted = (couplings - 1 / classes).to(terms.dtype).unsqueeze(2) * low
            sums = uniform + torch.bmm(weighted.flatten(2), matrices.transpose(1, 2))
        return Routing(sums, couplings)

    def logits(self, sums: Tensor) -> Tensor:
        """Return the logarithm of the odds of each class, float [N, C].

        With p = |v| = |s|^2 / (1 + |s|^2), the odds p / (1 - p) are |s|^2.

        Args:
            sums: s_j, float [C, N, D].
        """
        return torch.log(sums.square().sum(2) + SMALLEST_ODDS).transpose(0, 1)

    def unit_groups(self) -> tuple[UnitGroup, ...]:
        """Return one group for each hidden layer, and the primary capsules."""
        groups = chain_of_groups(self.hidden, "primary.weight")
        entries = self._sizes.primary_size
        axes = (
            UnitAxis("primary.weight", 0, "incoming", entries),
            UnitAxis("primary.bias", 0, "bias", entries),
            UnitAxis("votes.weight", 1, "outgoing", entries),
        )
        # With one iteration all couplings are 1 / C; with more, they depend on how large the votes are.
        is_additive = self._sizes.routing_iterations == 1
        primary = UnitGroup(
            "primary", self.spec.primary_capsules, axes, is_additive, is_odd=True, title="primary capsules"
        )
        return (*groups, primary)


def squash(sums: Tensor) -> Tensor:
    """Return |s|^2 / (1 + |s|^2) s / |s| over the last dimension (Sabour et al. 2017, equation 1); 0 for s = 0.

    The smallest positive number under the root makes the gradient at 0 its limit, 0, rather than not a number.
    """
    squares = sums.square().sum(-1, keepdim=True)
    return sums * ((squares + torch.finfo(sums.dtype).tiny).sqrt() / (1 + squares))


register_kind(NetworkKind("capsules", CapsulesConfig, CapsulesSpec, CapsuleNetwork))
