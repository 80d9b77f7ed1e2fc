"""Preparation of images on the machines of a Ray cluster, with Ray Data."""

import logging
import os
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from mnist_growth.batch.config import PredictConfig
from mnist_growth.batch.picture import Source
from mnist_growth.batch.prepared import Prepare, PreparedPicture, prepare_pictures
from mnist_growth.batch.sources import open_source
from mnist_growth.digits.digits import IMAGE_SIDE
from mnist_growth.machine import raise_for_signal

_SECTIONS = 1_000  # at most; each is a task of Ray, which lists the folder once
_SMALLEST = 50  # files per task, unless there are fewer
_SECONDS = 5.0  # to reach the address of a cluster
_SIGNALS = (signal.SIGINT, signal.SIGTERM)

_SCHEMA = pa.schema(
    {
        "name": pa.string(),
        "form": pa.binary(IMAGE_SIDE**2),
        "mean": pa.float64(),
        "doubts": pa.list_(pa.string()),
        "reason": pa.string(),
    }
)


def prepare_on_cluster(source: Source, config: PredictConfig, prepare: Prepare) -> Iterator[PreparedPicture]:
    """Prepare images on all machines of a Ray cluster; they come in the order of the source.

    Each task opens the folder or file itself and reads a section of it, so every machine needs it at the same path. Ray
    repeats the tasks of a worker or machine that is lost. The environment variable RAY_ADDRESS names the cluster;
    without it Ray starts one on this machine.

    Args:
        source: What `open_source` returns on this machine.
        config: Parameters that it was opened with.
        prepare: ``Preparation.apply`` of the network; it is sent to the workers.

    Raises:
        ValueError: Ray is not installed, or a machine does not have the same images.
        OSError: A machine cannot read them, or the cluster cannot be used.
    """
    folder = Path(str(config.folder)).expanduser().absolute()
    files = len(source)
    size = max(_SMALLEST, -(-files // _SECTIONS))
    sections = [{"start": start, "stop": start + size} for start in range(0, files, size)]
    task = {"config": config.model_copy(update={"folder": str(folder)}), "files": files, "prepare": prepare}
    with _connected() as ray:
        rows = ray.data.from_items(sections, override_num_blocks=len(sections))
        rows.context.execution_options.preserve_order = True
        rows.context.enable_progress_bars = False
        prepared = rows.map_batches(_prepare_section, fn_kwargs=task, batch_size=1, batch_format="pyarrow")
        try:
            for table in prepared.iter_batches(batch_size=None, batch_format="pyarrow"):
                yield from _pictures(table)
        except ray.exceptions.RayError as error:
            raise _plain(error) from error


def _prepare_section(section: pa.Table, config: PredictConfig, files: int, prepare: Prepare) -> Iterator[pa.Table]:
    """Read and prepare the files of a section; this runs on a machine of the cluster.

    Raises:
        ValueError: The images are not those that the command has found.
        OSError: They cannot be read.
    """
    machine = f"The machine {socket.gethostname()} of the Ray cluster"
    advice = "every machine needs the same images at the same path"
    try:
        source = open_source(config.folder, config.transposed, config.max_pixels)
    except ValueError as error:
        raise ValueError(f"{machine} cannot read {config.folder} ({error}): {advice}") from None
    if len(source) != files:
        raise ValueError(f"{machine} has {len(source):,} images in {config.folder}, expected {files:,}: {advice}")
    for row in section.to_pylist():
        pictures = prepare_pictures(source.section(row["start"], row["stop"]), prepare)
        contents = [
            picture._asdict() | {"form": None if picture.form is None else picture.form.tobytes()}
            for picture in pictures
        ]
        yield pa.Table.from_pylist(contents, schema=_SCHEMA)


def _pictures(table: pa.Table) -> Iterator[PreparedPicture]:
    """Return the images of a table that a task has made."""
    for row in table.to_pylist():
        form = None if row["form"] is None else np.frombuffer(row["form"], np.uint8).reshape(IMAGE_SIDE, IMAGE_SIDE)
        yield PreparedPicture(row["name"], form, row["mean"], tuple(row["doubts"]), row["reason"])


@contextmanager
def _connected() -> Iterator[Any]:
    """Give the module `ray`, connected to a cluster.

    Raises:
        ValueError: Ray is not installed.
        ConnectionError: There is no cluster at RAY_ADDRESS.
    """
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    try:
        import ray
        import ray.data
    except ModuleNotFoundError:
        raise ValueError(
            "predict.engine=ray needs Ray, which is not installed: run pip install 'mnist-growth[cluster]', or leave "
            "out predict.engine"
        ) from None
    logging.getLogger("ray.data").setLevel(logging.ERROR)
    if ray.is_initialized():
        yield ray
        return
    address = os.environ.get("RAY_ADDRESS", "")
    try:
        try:
            check_listening(address)
            with _signal_handlers_kept():
                ray.init(include_dashboard=False, log_to_driver=False, logging_level=logging.ERROR)
        except (OSError, RuntimeError, ValueError) as error:
            reason = " ".join(str(error).split())
            raise ConnectionError(
                f"The Ray cluster {address or 'of this machine'} cannot be reached ({reason}): correct RAY_ADDRESS, or "
                "start the cluster with `ray start --head`"
            ) from error
        yield ray
    finally:
        ray.shutdown()


def check_listening(address: str) -> None:
    """Check that something listens at the address of a cluster; Ray itself would try for minutes.

    Args:
        address: `host:port`, also after `ray://`. Other addresses, such as `auto`, are not checked.

    Raises:
        OSError: Nothing listens there, or the host is unknown.
    """
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if host and port.isdecimal():
        socket.create_connection((host, int(port)), _SECONDS).close()


@contextmanager
def _signal_handlers_kept() -> Iterator[None]:
    """Keep the handlers of signals, which Ray replaces: a stopped command still has to clean up.

    Raises:
        KeyboardInterrupt: A signal came while the handlers were those of Ray, which exit with its number.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.getsignal(number) for number in _SIGNALS}
    try:
        yield
    except SystemExit as end:
        if end.code not in _SIGNALS:
            raise
        raise_for_signal(int(end.code))
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _plain(error: Exception) -> Exception:
    """Return the error of a task as it was raised there, or a sentence about the cluster."""
    cause: BaseException | None = error
    while cause is not None:
        original = getattr(cause, "cause", None)
        if isinstance(original, ValueError | OSError | MemoryError) and type(original).__module__ == "builtins":
            return original
        cause = original if isinstance(original, BaseException) else cause.__cause__
    reason = " ".join(str(error).split())[:200]
    return ConnectionError(f"The Ray cluster failed ({reason}): look at `ray status`, then run again")
