"""Elastic weight consolidation: important weights are drawn to the values that they had."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Self

import torch
from torch import Tensor

from mnist_growth.learning.objective import Objective, ObjectiveFactory
from mnist_growth.learning.wrapped import Wrapped
from mnist_growth.network import Network


@dataclass(frozen=True)
class Anchor:
    """A quadratic function of the parameters, sum_i F_i (theta_i - c_i)^2, up to a constant.

    Attributes:
        importance: F, not negative, by the name of a parameter and of its shape.
        centre: c, by the same names and of the same shapes.
    """

    importance: Mapping[str, Tensor]
    centre: Mapping[str, Tensor]

    @classmethod
    def at(cls, network: Network, importance: Mapping[str, Tensor]) -> Self:
        """Return the function whose minimum is at the present weights of a network."""
        return cls(
            {name: value.clone() for name, value in importance.items()},
            {name: network.get_parameter(name).detach().clone() for name in importance},
        )

    def plus(self, other: "Anchor") -> "Anchor":
        """Return the sum of two functions.

        F (t - c)^2 + G (t - d)^2 is (F + G)(t - e)^2 with e = (F c + G d) / (F + G), up to a constant: the penalties of
        any number of tasks (Kirkpatrick et al. 2017) cost as much as one.
        """
        importance = {name: value + other.importance[name] for name, value in self.importance.items()}
        centre = {
            name: torch.where(
                total > 0,
                self.centre[name]
                + other.importance[name]
                / total.clamp(min=torch.finfo(total.dtype).tiny)
                * (other.centre[name] - self.centre[name]),
                other.centre[name],
            )
            for name, total in importance.items()
        }
        return Anchor(importance, centre)

    def decayed(self, factor: float, network: Network, importance: Mapping[str, Tensor]) -> "Anchor":
        """Return the function of online EWC after a further task: factor F + G, around the present weights.

        Schwarz et al., "Progress & compress", ICML 2018, section 4.

        Args:
            factor: Of the importance so far, gamma.
            network: Its weights are the new centre.
            importance: G, of the further task.
        """
        return Anchor.at(network, {name: factor * self.importance[name] + value for name, value in importance.items()})

    def widened(self, network: Network, importance: Mapping[str, Tensor]) -> "Anchor":
        """Return the function for a network whose new units come after the old ones.

        Args:
            network: Its parameters begin with the old ones along every axis; the new ones are the new centre.
            importance: Of all parameters, of which that of the new entries is used.
        """
        wider = Anchor.at(network, importance)
        for old, new in ((self.importance, wider.importance), (self.centre, wider.centre)):
            for name, value in old.items():
                new[name][tuple(slice(0, size) for size in value.shape)] = value
        return wider


class Penalised(Wrapped):
    """Another objective plus (strength / 2) sum_i F_i (theta_i - c_i)^2, elastic weight consolidation.

    Kirkpatrick et al., "Overcoming catastrophic forgetting in neural networks", PNAS 2017, equation 3. The losses that
    ``add`` returns are those of the other objective.

    Args:
        objective: Computes loss and gradients.
        network: Its network.
        anchor: F and c.
        strength: Lambda.
    """

    def __init__(self, objective: Objective, network: Network, anchor: Anchor, strength: float) -> None:
        super().__init__(objective)
        self._terms = [
            (
                network.get_parameter(name),
                importance.to(network.device) * strength,
                anchor.centre[name].to(network.device),
            )
            for name, importance in anchor.importance.items()
        ]

    @torch.no_grad()
    def finish(self) -> None:
        """Complete the gradients, and add strength F_i (theta_i - c_i); see ``Objective.finish``."""
        super().finish()
        for parameter, stiffness, centre in self._terms:
            assert parameter.grad is not None
            parameter.grad.addcmul_(stiffness, parameter - centre)


def penalised_factory(factory: ObjectiveFactory, anchor: Anchor, strength: float) -> ObjectiveFactory:
    """Return a factory of objectives with the penalty of elastic weight consolidation.

    Args:
        factory: Of the objectives that compute the gradients.
        anchor: As that of ``Penalised``.
        strength: As that of ``Penalised``.
    """
    return partial(_penalised, factory, anchor, strength)


def _penalised(
    factory: ObjectiveFactory,
    anchor: Anchor,
    strength: float,
    network: Network,
    dtype: torch.dtype | None,
    label_smoothing: float,
) -> Objective:
    return Penalised(factory(network, dtype, label_smoothing), network, anchor, strength)
