"""`predict.engine=ray`: the images are prepared by workers, and the results do not show it."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import configured
from mnist_growth.batch import open_source, predict_prepared, prepare_on_cluster, prepare_pictures, write_results
from mnist_growth.batch.cluster import _signal_handlers_kept, check_listening
from mnist_growth.digits import DIGIT_NAMES, MNIST_PREPARATION
from mnist_growth.machine import Terminated

MACHINE = {"num_cpus": 1, "object_store_memory": 100_000_000}
OLD_NAMES = pytest.mark.filterwarnings("ignore::DeprecationWarning:ray", "ignore::ResourceWarning")


def options(folder: Path, **changes):
    return configured.predict(folder=str(folder), **changes)


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_without_the_extra_one_sentence_says_what_to_install(folder, monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)

    with pytest.raises(
        ValueError, match=r"which is not installed: run pip install 'mnist-growth\[cluster\]', or leave"
    ):
        next(prepare_on_cluster(open_source(folder), options(folder), MNIST_PREPARATION.apply))


def test_an_address_where_nothing_listens_is_refused_at_once():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{listener.getsockname()[1]}"
        for name in (address, f"ray://{address}"):
            with pytest.raises(ConnectionRefusedError):
                check_listening(name)
        listener.listen()
        check_listening(address)
    check_listening("auto")
    check_listening("")


def test_the_default_does_not_import_ray():
    assert options(Path("folder")).engine == "process"
    program = "import sys, mnist_growth.cli, mnist_growth.pipelines.predict; sys.exit('ray' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_a_signal_while_ray_starts_stops_the_command_as_at_other_times():
    def start_ray():
        signal.signal(signal.SIGTERM, lambda number, _: sys.exit(number))
        os.kill(os.getpid(), signal.SIGTERM)

    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(Terminated), _signal_handlers_kept():
        start_ray()
    assert signal.getsignal(signal.SIGTERM) == before
    with pytest.raises(SystemExit), _signal_handlers_kept():
        sys.exit(1)


@pytest.fixture(scope="module")
def cluster():
    """Two machines with one processor each, both of them processes of this one."""
    pytest.importorskip("ray", reason="the extra `cluster` is not installed")
    # A niceness of 15, the default, takes minutes on a busy machine.
    os.environ.update({"RAY_USAGE_STATS_ENABLED": "0", "RAY_worker_niceness": "0"})
    import ray
    from ray.cluster_utils import Cluster

    cluster = Cluster(initialize_head=True, head_node_args={**MACHINE, "include_dashboard": False})
    try:
        cluster.add_node(**MACHINE)
        before = signal.getsignal(signal.SIGTERM)
        ray.init(cluster.address, log_to_driver=False, logging_level="error")
        signal.signal(signal.SIGTERM, before)
        yield cluster
    finally:
        ray.shutdown()
        cluster.shutdown()


@pytest.fixture
def many(folder, digits):
    """More files than a part or a task has, and a file with several images among them."""
    for number in range(520):
        Image.fromarray(np.roll(digits[number % 30], number // 30, axis=1)).save(folder / f"many {number}.bmp")
    pages = [Image.fromarray(digit) for digit in digits[:3]]
    pages[0].save(folder / "a.tif", save_all=True, append_images=pages[1:])
    return folder


@OLD_NAMES
def test_two_machines_give_the_same_files_although_a_worker_is_killed(cluster, many, logits, tmp_path):
    marker, workers = tmp_path / "killed", tmp_path / "workers"
    workers.mkdir()

    def prepare(pixels):
        (workers / str(os.getpid())).touch()
        if not marker.exists() and len(list(workers.iterdir())) > 1:
            marker.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return MNIST_PREPARATION.apply(pixels)

    config = options(many)
    source = open_source(many)
    ours = write_results(
        tmp_path / "ours",
        predict_prepared(prepare_pictures(source, MNIST_PREPARATION.apply), logits, DIGIT_NAMES),
    )
    theirs = write_results(
        tmp_path / "theirs", predict_prepared(prepare_on_cluster(source, config, prepare), logits, DIGIT_NAMES)
    )

    assert marker.exists()
    assert len(list(workers.iterdir())) >= 3  # two, and the one that replaces the killed one
    assert (ours.predicted, ours.unreadable) == (530, 4) == (theirs.predicted, theirs.unreadable)
    assert contents(theirs.folder) == contents(ours.folder)


@OLD_NAMES
def test_an_error_of_a_machine_is_the_sentence_of_that_error(cluster, folder):
    def other_disk(pixels):
        raise OSError(5, "Input/output error", "0.png")

    source = open_source(folder)
    with pytest.raises(OSError, match="Input/output error"):
        list(prepare_on_cluster(source, options(folder), other_disk))
    with pytest.raises(ValueError, match=r"has 11 images in .*, expected 10: every machine needs the same images"):
        list(prepare_on_cluster(_Shorter(folder), options(folder), MNIST_PREPARATION.apply))


class _Shorter:
    """A folder as it was when it had ten files."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __len__(self) -> int:
        return 10
