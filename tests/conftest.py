"""What all tests share."""

import os
import signal

# Before torch is imported, here and in the processes that tests start: results repeat bit for bit for one number of
# threads, and on a busy machine two threads crawl.
os.environ["OMP_NUM_THREADS"] = "1"

import pytest
import torch
from hypothesis import settings

settings.register_profile("repeatable", database=None)
settings.load_profile("repeatable")

# A shell that runs the tests in the background has Ctrl-C ignored, and processes that they start inherit that.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session", autouse=True)
def one_thread():
    """Compute with one thread: results repeat bit for bit, and a busy machine does not make them crawl."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)
