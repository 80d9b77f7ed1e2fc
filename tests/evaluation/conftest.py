import numpy as np
import pandas as pd
import pytest

from mnist_growth.evaluation import prediction_table


@pytest.fixture
def predictions() -> pd.DataFrame:
    """300 digits of all classes with mostly correct predictions."""
    generator = np.random.default_rng(5)
    labels = np.arange(300) % 10
    logits = generator.normal(size=(300, 10)).astype(np.float32)
    logits[np.arange(300), labels] += 2.5
    return prediction_table(logits, labels)
