"""What all tests share."""

import gc
import os
import shutil
import signal
import warnings
from collections.abc import Iterator
from pathlib import Path

# Before torch is imported, here and in the processes that tests start: results repeat bit for bit for one number of
# threads, and on a busy machine two threads crawl.
os.environ["OMP_NUM_THREADS"] = "1"

import pandas as pd
import pytest
import torch
from hypothesis import settings
from playwright.sync_api import Browser, sync_playwright

CHROMIUM_OPTIONS = [
    "--no-sandbox",  # root may run the tests
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

if not torch.cuda.is_available():
    os.environ["TRITON_INTERPRET"] = "1"  # before kernels are imported: without a GPU they run on the CPU

from laboratory import Laboratory
from mnist_growth.machine import available_processors, raise_on_signals

settings.register_profile("repeatable", database=None, derandomize=True)
settings.load_profile("repeatable")

# A shell that runs the tests in the background has Ctrl-C ignored, and processes that they start inherit that.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_xdist_auto_num_workers() -> int:
    """Run more processes than there are processors: many tests wait for commands, services and time-outs."""
    return available_processors() * 3 // 2


@pytest.fixture(scope="session", autouse=True)
def one_thread():
    """Compute with one thread: results repeat bit for bit, and a busy machine does not make them crawl."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module", autouse=True)
def frozen_objects():
    """Leave the objects that are there out of garbage collection.

    Every training collects garbage, which takes half a second in a process that has imported all libraries.
    """
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def laboratory() -> Laboratory:
    return Laboratory()


@pytest.fixture
def signal_handlers() -> Iterator[None]:
    """Restore the signal handlers and forget the signals of a test."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    yield
    with raise_on_signals():
        pass  # forgets the signals that were received
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.fixture
def history() -> pd.DataFrame:
    """Seven epochs; grown at the start of epochs 3 and 5."""
    return pd.DataFrame(
        {
            "epoch": range(1, 8),
            "widths": ["128-128"] * 2 + ["192-192"] * 2 + ["256-256"] * 3,
            "parameters": [118_282] * 2 + [189_706] * 2 + [269_322] * 3,
            "grew": [False, False, True, False, True, False, False],
            "train_loss": [0.9, 0.5, 0.4, 0.3, 0.25, 0.22, 0.2],
            "validation_loss": [0.6, 0.3, 0.25, 0.2, 0.16, 0.15, 0.14],
            "train_accuracy": [0.7, 0.8, 0.85, 0.9, 0.92, 0.93, 0.94],
            "validation_accuracy": [0.9, 0.93, 0.94, 0.95, 0.96, 0.965, 0.97],
            "rss_bytes": [int(5e8)] * 7,
            "peak_rss_bytes": [int(6e8)] * 7,
            "gpu_bytes": [0] * 7,
        }
    )


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory) -> Path:
    """A database with MLflow's tables and nothing in them: making one takes seconds."""
    path = tmp_path_factory.mktemp("mlflow") / "mlflow.db"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from mlflow import MlflowClient

        MlflowClient(f"sqlite:///{path}")
    return path


@pytest.fixture
def project(tmp_path, empty_database, monkeypatch) -> Path:
    """A project folder with an empty MLflow database."""
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "my project"
    folder.mkdir()
    shutil.copy(empty_database, folder / "mlflow.db")
    return folder


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A browser without a window."""
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        pytest.skip("neither Chromium nor Chrome is installed")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=CHROMIUM_OPTIONS)
        yield browser
        browser.close()
