"""What the tests of looks into a network share."""

import contextlib

import numpy as np
import pytest
import torch


@contextlib.contextmanager
def unchanged(network, *arrays):
    """Check that the context changes neither a network nor arrays nor the global generators."""
    state = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    training = {name: module.training for name, module in network.named_modules()}
    requires = {name: parameter.requires_grad for name, parameter in network.named_parameters()}
    gradients = {name: parameter.grad for name, parameter in network.named_parameters()}
    copies = [np.array(array) for array in arrays]
    torch_state, numpy_state = torch.get_rng_state(), np.random.get_state()[1].copy()  # noqa: NPY002
    yield
    assert network.state_dict().keys() == state.keys()
    assert all(torch.equal(tensor, state[name]) for name, tensor in network.state_dict().items())
    assert {name: module.training for name, module in network.named_modules()} == training
    assert {name: parameter.requires_grad for name, parameter in network.named_parameters()} == requires
    assert all(parameter.grad is gradients[name] for name, parameter in network.named_parameters())
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in network.modules())
    assert all(np.array_equal(array, copy) for array, copy in zip(arrays, copies, strict=True))
    assert torch.equal(torch.get_rng_state(), torch_state)
    assert np.array_equal(np.random.get_state()[1], numpy_state)  # noqa: NPY002


@pytest.fixture(name="unchanged")
def _unchanged():
    """The context manager ``unchanged``."""
    return unchanged
