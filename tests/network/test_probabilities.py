import numpy as np
import pytest
from scipy.special import softmax as reference

from mnist_growth.network.probabilities import softmax


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("scale", [1.0, 1e4])
def test_softmax_equals_scipys_in_the_dtype_of_the_logits_and_does_not_overflow(dtype, scale):
    logits = (np.random.default_rng(0).normal(size=(20, 10)) * scale).astype(dtype)

    found = softmax(logits)

    assert found.dtype == dtype
    np.testing.assert_allclose(found, reference(logits, axis=1), rtol=20 * np.finfo(dtype).eps, atol=1e-30)
