"""Loss and gradients of any network by automatic differentiation."""

import contextlib
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.utils.hooks import RemovableHandle

from mnist_growth.learning.global_norm import GlobalBatchNorm
from mnist_growth.learning.loss import CrossEntropy, Loss
from mnist_growth.learning.objective import BatchResult
from mnist_growth.machine import ProcessGroup
from mnist_growth.network import Network, evaluation_mode


class Autograd:
    """Loss of any network, differentiated by torch.

    Args:
        network: In training mode.
        dtype: Dtype of the matrix products, by ``torch.autocast``; None for the dtype of the weights.
        label_smoothing: Fraction of the target probability that is spread evenly over all classes.
        loss: Gives the gradient of the logits; None for the cross-entropy. ``input_gradient`` is that of the
            cross-entropy in any case.
    """

    def __init__(
        self,
        network: Network,
        dtype: torch.dtype | None = None,
        label_smoothing: float = 0.0,
        loss: Loss | None = None,
    ) -> None:
        self.network = network
        self._loss = loss or CrossEntropy(network, label_smoothing)
        self.label_smoothing = label_smoothing
        self._dtype = None if dtype == network.dtype else dtype
        self._parameters = list(network.parameters())
        self._gradients = [torch.empty_like(parameter) for parameter in self._parameters]
        self._norm_processes: ProcessGroup | None = None
        self._on_complete: Callable[[Tensor], None] | None = None
        self._hooks: list[RemovableHandle] = []

    def distribute(self, norm_processes: ProcessGroup | None, on_complete: Callable[[Tensor], None]) -> None:
        """Compute a share of each batch, while other processes compute the others; see ``Backprop.distribute``."""
        self._norm_processes, self._on_complete = norm_processes, on_complete

    @torch.no_grad()
    def begin(self) -> None:
        """Set the gradients to zero, and keep their memory."""
        torch._foreach_zero_(self._gradients)
        for parameter, gradient in zip(self._parameters, self._gradients, strict=True):
            parameter.grad = gradient
        if self._on_complete is not None:
            self._hooks = [
                each.register_post_accumulate_grad_hook(self._on_complete)  # type: ignore[no-untyped-call]
                for each in self._parameters
            ]

    def add(self, images: Tensor, labels: Tensor, share: float = 1.0) -> BatchResult:
        """Add the gradient of the loss of some images; see ``Objective.add``."""
        norm = GlobalBatchNorm(self._norm_processes) if self._norm_processes else contextlib.nullcontext()
        with torch.enable_grad():
            with norm, torch.autocast(images.device.type, self._dtype, enabled=self._dtype is not None):
                logits = self.network(images)
            logits = logits.to(self.network.dtype)
        with torch.no_grad():
            loss, gradient = self._loss(logits.detach(), labels, images)
        logits.backward(gradient.mul_(share / len(labels)))
        return BatchResult(loss_sum=loss, correct_count=(logits.argmax(1) == labels).sum())

    def finish(self) -> None:
        """Stop observing the parameters; the gradients are complete."""
        for hook in self._hooks:
            hook.remove()
        self._hooks = []

    def input_gradient(self, images: Tensor, labels: Tensor) -> Tensor:
        """Return the gradient of each image's loss with respect to its pixels; see ``Objective.input_gradient``."""
        pixels = images.detach().requires_grad_()
        with torch.enable_grad(), evaluation_mode(self.network):
            with torch.autocast(images.device.type, self._dtype, enabled=self._dtype is not None):
                logits = self.network(pixels)
            logits = logits.to(self.network.dtype)
            loss = F.cross_entropy(logits, labels, reduction="sum", label_smoothing=self.label_smoothing)
            (gradient,) = torch.autograd.grad(loss, pixels)
        return gradient
