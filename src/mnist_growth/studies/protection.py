"""Which weights of a network that has grown must not change, so that its old units compute what they did."""

import torch
from torch import Tensor

from mnist_growth.network import Network


def protected_entries(old: Network, new: Network, answered: Tensor, *, is_task_known: bool) -> dict[str, Tensor]:
    """Return the entries that training a further task must not change.

    As in Rusu et al., "Progressive neural networks" (2016), new units see old ones, but not the other way round.

    - Everything that goes into an old unit: its weights and bias, and its weights of new units, which are zero. So its
      output stays the same for every image.
    - In the output layer, the weights of old units and the bias of the classes that earlier tasks have answered. If the
      task of an image is known, also the weights of new units to these classes, which are zero: then the logits of old
      classes stay the same for every image. Otherwise the new units have to change the answers for new images, and they
      change those for old images as well.

    Args:
        old: A perceptron without batch norm before it was widened.
        new: The same with zero fan-out units after the old ones.
        answered: bool [C]: the classes that earlier tasks have as answers.
        is_task_known: Whether the task of an image is known when it is classified.

    Returns:
        bool, by the name of each parameter and of its shape: True where an entry must not change.
    """
    of_units = {axis.tensor for group in new.unit_groups() for axis in group.axes if axis.axis == 0}
    protected = {}
    for name, parameter in new.named_parameters():
        before = old.get_parameter(name)
        entries = torch.zeros_like(parameter, dtype=torch.bool, requires_grad=False)
        if name in of_units:
            entries[: len(before)] = True
        else:  # the output layer: its rows are classes
            entries[answered] = True
            if before.ndim > 1 and not is_task_known:
                entries[:, before.shape[1] :] = False
        protected[name] = entries
    return protected
