"""A process whose memory is limited, of which the training knows nothing before an allocation fails."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).with_name("limited_training.py")
BATCH = 16_384
ENVIRONMENT = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}  # the script imports helpers of the tests


def losses_and_pieces(spare):
    """Columns train loss, validation loss, images per piece, of a training with so many bytes to spare."""
    done = subprocess.run(
        [sys.executable, SCRIPT, str(spare)],
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
        env=ENVIRONMENT,
    )
    assert done.returncode == 0, done.stderr
    return list(zip(*json.loads(done.stdout.splitlines()[-1]), strict=True))


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="memory is limited as Linux does it")
def test_a_failed_allocation_leads_to_smaller_pieces_and_the_same_losses():
    """Without batch norm, whose statistics would be those of the pieces."""
    *whole, pieces = losses_and_pieces(0)
    assert pieces == (BATCH,) * 3

    *limited, pieces = losses_and_pieces(120_000_000)  # a batch takes 51 MB before its warps, and 51 MB after

    assert pieces[-1] < BATCH
    for mine, others in zip(limited, whole, strict=True):
        assert mine == pytest.approx(others, rel=1e-5)
