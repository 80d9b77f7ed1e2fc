"""Feed damaged and forged files to everything that reads files.

`python benchmarks/fuzz.py --idx 10000 --files 2000` mutates IDX files, plain and gzipped, and the files of networks and
checkpoints: flipped bits, missing, surplus and repeated bytes, other lengths, other JSON, and contents that do not fit
together under a checksum that does. Each case has to end, in limited time and memory, with a ValueError or an OSError,
or with exactly what the file says, as an independent reading of it tells. Nothing may be unpickled. Exit code 1 if one
does not.
"""

import argparse
import contextlib
import gzip
import json
import pickle
import random
import resource
import signal
import struct
import sys
import tempfile
import time
import traceback
import warnings
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any
from unittest import mock

import numpy as np
import torch
from torch import Tensor

from mnist_growth.digits import Digits, SplitConfig, WarpConfig, stratified_split
from mnist_growth.digits.idx import read_images, read_labels, write_images, write_labels
from mnist_growth.machine import MemoryBudget
from mnist_growth.network import (
    GrowingMLP,
    GrowthConfig,
    NetworkConfig,
    TrainedNetwork,
    load_network,
    load_tensors,
    save_network,
    save_tensors,
)
from mnist_growth.network import tensor_file as tensor_files
from mnist_growth.training import (
    Checkpoint,
    CheckpointStore,
    TrainingConfig,
    TrainingData,
    TrainingSetup,
    TrainingState,
    split_fingerprint,
    train,
)

SECONDS = 10  # for one case, on a busy machine
MEGABYTES = 512  # beyond what the process has at the start
EXPECTED = (ValueError, OSError, FloatingPointError)
CPU = torch.device("cpu")
NUMBERS = (0, 1, 2, 9, 10, 27, 28, 29, 255, 2049, 2051, 2**16, 2**31 - 1, 2**31, 2**32 - 1, 2**62, 2**63, 2**64 - 1)
VALUES: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 3, 10**9, 10**18, 2**63, 10**400, 0.5, -0.5, 1e308, float("nan"), float("inf"),
    "", "6", "x" * 1000, "\ud800", [], [0], [[]], [-1, 5], [10**9, 10**9], [1] * 1000, {}, {"a": 1}, {"epoch": 1},
)  # fmt: skip


class TooSlowError(BaseException):
    """A case took longer than it may."""


class UnpickledError(BaseException):
    """Something was about to be unpickled, which can run code."""


@dataclass
class Report:
    """What came of the cases.

    Attributes:
        outcomes: how often each outcome was seen.
        defects: what must not happen, with how to see it again.
    """

    outcomes: Counter[str] = field(default_factory=Counter)
    defects: list[str] = field(default_factory=list)


def main() -> None:
    """Run all cases and report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--idx", type=int, default=10_000)
    parser.add_argument("--files", type=int, default=2_000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    failed = False
    for name, fuzz, cases in (("IDX", fuzz_idx, options.idx), ("networks and checkpoints", fuzz_files, options.files)):
        started = time.monotonic()
        with tempfile.TemporaryDirectory() as folder:
            report = fuzz(Path(folder), cases, options.seed)
        print(f"{name}: {cases} cases in {time.monotonic() - started:.0f} s: {dict(report.outcomes.most_common())}")
        for defect in report.defects:
            print(f"DEFECT {defect}")
        failed |= bool(report.defects)
    sys.exit(failed)


def fuzz_idx(folder: Path, cases: int, seed: int) -> Report:
    """Mutate files of images and labels and compare what is read with an independent reading."""
    generator = np.random.default_rng(0)
    write_images(folder / "images", generator.integers(0, 256, (5, 28, 28), dtype=np.uint8))
    write_labels(folder / "labels", generator.integers(0, 10, 300))
    plain = {name: (folder / name).read_bytes() for name in ("images", "labels")}
    readers: dict[str, Callable[[Path], np.ndarray[Any, Any]]] = {"images": read_images, "labels": read_labels}
    report, path = Report(), folder / "case"
    for number in range(cases):
        chance = random.Random(f"{seed} {number}")
        kind = chance.choice(("images", "labels"))
        content = mutated_idx(plain[kind if chance.random() < 0.95 else "images"], chance)
        path.unlink(missing_ok=True)  # a map of the last case may still be open
        path.write_bytes(content)
        expected = reference_idx(content, kind)

        def case(kind: str = kind, expected: "np.ndarray[Any, Any] | None" = expected) -> str:
            found = readers[kind](path)
            if expected is None:
                return "DEFECT: accepted, though it is no valid file"
            return "read as it is" if np.array_equal(found, expected) else "DEFECT: read as something else"

        outcome = run_case(case, f"idx case {number} of seed {seed}", report)
        if outcome == "refused" and expected is not None:
            report.defects.append(f"idx case {number} of seed {seed}: refused, though it is a valid file")
    return report


def mutated_idx(content: bytes, chance: random.Random) -> bytes:
    """Damage an IDX file before it is compressed, after that, or without compressing it."""
    match chance.randrange(8):
        case 0 | 1:
            return mutated(content, chance)
        case 2:
            return with_number(content, chance, ">I", chance.choice((0, 4, 8, 12)))
        case 3:
            return gzip.compress(mutated(content, chance), chance.choice((0, 1, 9)))
        case 4:
            return gzip.compress(with_number(content, chance, ">I", chance.choice((0, 4, 8, 12))))
        case 5:
            return mutated(gzip.compress(content, chance.choice((0, 1, 9))), chance)
        case 6:
            packed = gzip.compress(content)
            return with_number(packed, chance, "<I", chance.choice((0, 4, len(packed) - 8, len(packed) - 4)))
        case _:
            return chance.choice(
                (
                    lambda: content[:8] + gzip.compress(content),
                    lambda: gzip.compress(gzip.compress(content)),
                    lambda: gzip.compress(content) + gzip.compress(chance.randbytes(9)),
                    lambda: gzip.compress(content[:9]) + gzip.compress(content[9:]),
                    lambda: gzip.compress(content) + bytes(chance.randrange(50)),
                    lambda: gzip.compress(struct.pack(">4I", 2051, 1, 28, 28) + bytes(20_000_000)),
                    lambda: gzip.compress(struct.pack(">4I", 2051, 20_000, 28, 28) + bytes(15_680_000)),
                    lambda: struct.pack(">4I", 2051, 2**31, 2**31, 2) + bytes(8),
                    lambda: content[: chance.randrange(20)],
                    lambda: content,
                )
            )()


def reference_idx(content: bytes, kind: str) -> "np.ndarray[Any, Any] | None":
    """What an IDX file says, read in the simplest way; None if it is not a valid one."""
    if content[:2] == b"\x1f\x8b":
        try:
            content = gzip.decompress(content)
        except (OSError, EOFError, zlib.error):
            return None
    magic, axes = (2051, 3) if kind == "images" else (2049, 1)
    if len(content) < 4 + 4 * axes:
        return None
    found, *shape = struct.unpack_from(f">{1 + axes}I", content)
    payload = np.frombuffer(content, np.uint8, offset=4 + 4 * axes)
    if found != magic or shape[1:] != [28, 28][: axes - 1] or shape[0] == 0 or np.prod(shape) != len(payload):
        return None
    if kind == "labels" and payload.max() > 9:
        return None
    return payload.reshape(shape)


def fuzz_files(folder: Path, cases: int, seed: int) -> Report:
    """Mutate the files of a network and a checkpoint, read them, go on training with them."""
    training = Training(folder / "training")
    report = Report()
    for number in range(cases):
        chance = random.Random(f"{seed} {number}")
        kind = chance.choice(("network", "checkpoint"))
        original = training.files[kind]
        path = folder / f"case-{number}" / "update-999999999-epochs-00009.safetensors"
        path.parent.mkdir()
        (path.parent / training.files["checkpoint"].name).write_bytes(training.files["checkpoint"].read_bytes())
        forged = chance.random() < 0.4
        if forged:
            with contextlib.suppress(ValueError, OSError, TypeError, RuntimeError, OverflowError):  # cannot be written
                forge(original, path, kind, chance)
        else:
            path.write_bytes(damaged(original, chance))

        def case(kind: str = kind, forged: bool = forged, path: Path = path, original: Path = original) -> str:
            if kind == "checkpoint":
                CheckpointStore(path.parent / "new", earlier=path.parent).latest()  # there is a good one before it
            return (read_network if kind == "network" else training.read_checkpoint)(path, None if forged else original)

        run_case(case, f"{'forged' if forged else 'damaged'} {kind}, file case {number} of seed {seed}", report)
        for left in (*path.parent.glob("new/*"), *path.parent.iterdir()):
            if left.is_file():
                left.unlink()
    return report


class Training:
    """A training that has ended, on digits of noise, and its files.

    Attributes:
        files: of its network and its newest checkpoint, by kind.
    """

    run_id = "run"  # it is its own monitor

    def __init__(self, folder: Path) -> None:
        chance = np.random.default_rng(0)
        labels = np.arange(80, dtype=np.int64) % 10
        digits = Digits(chance.integers(0, 256, (80, 28, 28), dtype=np.uint8), labels, "noise", "ab" * 32)
        split = stratified_split(labels, SplitConfig(validation_fraction=0.25))
        self.setup = TrainingSetup(
            network=NetworkConfig(hidden_layers=2),
            growth=GrowthConfig(initial_neurons=4, growth_rate=2, growth_epochs=1, max_neurons=6),
            training=TrainingConfig(epochs=3, batch_size=20, checkpoint_seconds=1e-9),
            warps=WarpConfig(),
            dataset=digits.dataset,
            fingerprint=digits.fingerprint,
            split=split_fingerprint(split),
        )
        self.budget = MemoryBudget(1.0, CPU)
        self.data = TrainingData.of(digits, split, self.budget)
        state = TrainingState.begin(GrowingMLP([4, 4]), 0.01, 0, self.run_id)
        store = CheckpointStore(folder, keep=4)  # the last but two is in the middle of an epoch
        self.train(state, store)
        network = folder / "network.safetensors"
        save_network(network, TrainedNetwork(state.average, "noise", "ab" * 32, 3))
        middle = sorted(folder.glob("update-*"))[1]
        assert len(Checkpoint.read(middle).restore(CPU).progress.order) > 0
        self.files = {"network": network, "checkpoint": middle}

    def train(self, state: TrainingState, store: CheckpointStore) -> None:
        """Train to the last epoch."""
        train(state, self.data, self.setup, store, self, self.budget)  # type: ignore[arg-type]

    def read_checkpoint(self, path: Path, original: Path | None) -> str:
        """Read a checkpoint, go on from it, and say how that went."""
        checkpoint = Checkpoint.read(path)
        state = checkpoint.restore(CPU)
        again = path.with_name("again")
        CheckpointStore(again).save(state, self.setup)
        written = load_tensors(next(again.iterdir()), "checkpoint")
        header = {**written[1], "setup": checkpoint.header["setup"]}
        if not same(written[0], header, checkpoint.tensors, checkpoint.header):
            return "DEFECT: restored as something else"
        if original is not None and not same(
            checkpoint.tensors, checkpoint.header, *load_tensors(original, "checkpoint")
        ):
            return "DEFECT: read as something else"
        self.setup.check_continues(checkpoint.header["setup"])
        self.train(state, CheckpointStore(again))
        for left in again.iterdir():
            left.unlink()
        return "read as it is" if original else "forged, and consistent"

    def started(self, *_: object) -> None:
        """Monitors nothing, as the following."""

    batch = grew = epoch = shrank = finished = started


def read_network(path: Path, original: Path | None) -> str:
    """Read a network and say how that went."""
    trained = load_network(path)
    again = path.with_name("network-again")
    save_network(again, trained)
    content = load_tensors(path, "network")
    if not same(*load_tensors(again, "network"), *content):
        return "DEFECT: restored as something else"
    if original is not None and not same(*content, *load_tensors(original, "network")):
        return "DEFECT: read as something else"
    trained.network(torch.zeros(2, 28, 28, dtype=torch.uint8))
    return "read as it is" if original else "forged, and consistent"


def same(
    tensors: Mapping[str, Tensor], header: Mapping[str, Any], others: Mapping[str, Tensor], other: Mapping[str, Any]
) -> bool:
    """Whether two files have the same content, bit for bit; 1 and 1.0 in a header are one number."""
    return (
        canonical(header) == canonical(other)
        and tensors.keys() == others.keys()
        and all(
            tensors[name].dtype == others[name].dtype
            and tensors[name].shape == others[name].shape
            and tensors[name].numpy().tobytes() == others[name].numpy().tobytes()
            for name in tensors
        )
    )


def canonical(header: Mapping[str, Any]) -> str:
    """The header as JSON in which a whole number reads like a fraction."""
    tree = json.loads(json.dumps(header), parse_int=lambda digits: float(digits) if len(digits) < 300 else digits)
    return json.dumps(tree, sort_keys=True)


def damaged(path: Path, chance: random.Random) -> bytes:
    """The content of a file with damage that its checksum tells."""
    content = path.read_bytes()
    (length,) = struct.unpack_from("<Q", content)
    text, payload = content[8 : 8 + length], content[8 + length :]
    match chance.randrange(8):
        case 0 | 1:
            return mutated(content, chance)
        case 2:
            return with_number(content, chance, "<Q", 0)
        case 3:
            return struct.pack("<Q", length) + mutated(text, chance) + payload
        case 4 | 5:
            tree = changed(json.loads(text), chance)
            new = json.dumps(tree).encode(errors="surrogatepass")
            return struct.pack("<Q", chance.choice((len(new), len(new), length))) + new + payload
        case 6:
            return struct.pack("<Q", length) + text + mutated(payload, chance)
        case _:
            return chance.choice(
                (
                    lambda: b"",
                    lambda: pickle.dumps({"widths": [1]}),
                    lambda: pickle.dumps(Evil()),
                    lambda: content + content,
                    lambda: struct.pack("<Q", 2) + b"{}",
                    lambda: struct.pack("<Q", 10**6) + b"[" * 10**6,
                    lambda: struct.pack("<Q", 14) + b'{"a":' + b"9" * 8 + b"}",
                    lambda: content,
                )
            )()


def forge(original: Path, path: Path, kind: str, chance: random.Random) -> None:
    """Write a file whose checksum is right and whose content may not be."""
    tensors, header = load_tensors(original, kind)
    match chance.randrange(6):
        case 0 | 1 | 2:
            save_tensors(path, kind, tensors, changed(header, chance))
        case 3 | 4:
            name = chance.choice(sorted(tensors))
            save_tensors(path, kind, changed_tensors(tensors, name, chance), header)
        case _:
            text = chance.choice(("[" * 10**5, "[]", "1", "null", '"x"', "", "{", '{"a": 1e999}', "9" * 10**4, "\0"))
            claimed = chance.choice((kind, "network", "checkpoint", "model"))
            metadata = {
                "kind": f"mnist-growth {claimed} {chance.choice((1, 2))}",
                "header": text,
                "sha256": tensor_files._digest(tensors, text),
            }
            tensor_files.save_file(tensors, path, metadata)


def changed_tensors(tensors: Mapping[str, Tensor], name: str, chance: random.Random) -> dict[str, Tensor]:
    """Tensors of which one is missing, surplus, or of another type, shape or content."""
    tensor = tensors[name]
    others = {other: value for other, value in tensors.items() if other != name}
    dtypes = (torch.float64, torch.float16, torch.bfloat16, torch.int64, torch.uint8, torch.bool, torch.complex64)
    changes: tuple[Callable[[], dict[str, Tensor]], ...] = (
        lambda: others,
        lambda: {**others, chance.choice(("", "x", "network.x", f"{name}.0")): tensor},
        lambda: {**tensors, chance.choice(("", "x", "network.x", f"{name}.0")): tensor},
        lambda: {**others, name: tensor.to(chance.choice(dtypes))},
        lambda: {**others, name: tensor.reshape(-1)},
        lambda: {**others, name: tensor.unsqueeze(0)},
        lambda: {**others, name: tensor.repeat(2, *[1] * max(0, tensor.ndim - 1))},
        lambda: {**others, name: tensor.reshape(-1)[:-1]},
        lambda: {**others, name: torch.zeros(0, dtype=tensor.dtype)},
        lambda: {**others, name: torch.zeros_like(tensor)},
        lambda: {**others, name: torch.full_like(tensor, chance.choice((-1, 1, 100)))},
        lambda: {**others, name: tensor.reshape(-1).flip(0).reshape(tensor.shape)},
        lambda: {**others, name: tensors[chance.choice(sorted(tensors))]},
    )
    return chance.choice(changes)()


def changed(tree: Any, chance: random.Random) -> Any:
    """A JSON tree in which one node, anywhere, is another, missing, surplus or twice there."""
    if isinstance(tree, dict) and tree and chance.random() < 0.9:
        key = chance.choice(sorted(tree))
        others = {name: value for name, value in tree.items() if name != key}
        match chance.randrange(8):
            case 0:
                return others
            case 1:
                return {**others, f"{key}x": tree[key]}
            case 2:
                return {**tree, "surplus": chance.choice(VALUES)}
            case _:
                return {**others, key: changed(tree[key], chance)}
    if isinstance(tree, list) and tree and chance.random() < 0.9:
        place = chance.randrange(len(tree))
        match chance.randrange(5):
            case 0:
                return tree[:place] + tree[place + 1 :]
            case 1:
                return [*tree, tree[place]]
            case _:
                return [*tree[:place], changed(tree[place], chance), *tree[place + 1 :]]
    if isinstance(tree, int) and not isinstance(tree, bool) and chance.random() < 0.5:
        return chance.choice((tree + 1, tree - 1, -tree, 2 * tree, float(tree), str(tree), chance.choice(NUMBERS)))
    return chance.choice(VALUES)


def mutated(content: bytes, chance: random.Random) -> bytes:
    """Bytes with one to three changes anywhere, more often near the beginning."""
    changing = bytearray(content)
    for _ in range(chance.randint(1, 3)):
        size = len(changing)
        place = chance.randrange(min(size, 20) if chance.random() < 0.4 else size) if size else 0
        piece = slice(place, place + chance.choice((1, 2, 4, 16, 100)))
        match chance.randrange(7):
            case 0 | 1 if size:
                changing[place] ^= 1 << chance.randrange(8)
            case 2:
                del changing[place:]
            case 3:
                del changing[piece]
            case 4:
                changing[place:place] = chance.randbytes(chance.choice((1, 2, 4, 100)))
            case 5:
                changing[place:place] = changing[piece]
            case _:
                changing[piece] = bytes(len(changing[piece]))
    return bytes(changing)


def with_number(content: bytes, chance: random.Random, form: str, place: int) -> bytes:
    """Bytes with another number of a form of ``struct`` at a place."""
    size = struct.calcsize(form)
    number = chance.choice((*NUMBERS, chance.randrange(2**32))) % 2 ** (8 * size)
    return content[:place] + struct.pack(form, number) + content[place + size :]


class Evil:
    """Says that it was unpickled, where pickle is used after all."""

    def __reduce__(self) -> tuple[Callable[[str], None], tuple[str]]:
        return (_refuse_pickle, ("code ran",))


def run_case(case: Callable[[], str], name: str, report: Report) -> str:
    """Run one case within its limits, and write down what came of it."""
    try:
        with limits():
            outcome = case()
    except EXPECTED as error:
        outcome = "refused"
        if "\n" in str(error).strip() or not str(error):
            outcome = f"DEFECT: not one sentence: {error}"
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt):
            raise
        where = traceback.extract_tb(error.__traceback__)[-1]
        outcome = f"DEFECT: {type(error).__name__}: {error} in {where.filename}:{where.lineno}"
    report.outcomes[outcome.split(":")[0]] += 1
    if outcome.startswith("DEFECT"):
        report.defects.append(f"{name}{outcome.removeprefix('DEFECT')}")
    return outcome


@contextlib.contextmanager
def limits() -> Iterator[None]:
    """Limit time and memory, turn warnings into errors, and let nothing be unpickled."""
    before = resource.getrlimit(resource.RLIMIT_DATA)
    used = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmData"))
    resource.setrlimit(resource.RLIMIT_DATA, (int(used.split()[1]) * 1024 + MEGABYTES * 1_000_000, before[1]))
    handler = signal.signal(signal.SIGALRM, _too_slow)
    signal.setitimer(signal.ITIMER_REAL, SECONDS)
    try:
        with (
            warnings.catch_warnings(),
            mock.patch("pickle.load", _refuse_pickle),
            mock.patch("pickle.loads", _refuse_pickle),
            mock.patch("pickle.Unpickler", _refuse_pickle),
            mock.patch("torch.load", _refuse_pickle),
        ):
            warnings.simplefilter("error")
            yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, handler)
        resource.setrlimit(resource.RLIMIT_DATA, before)


def _too_slow(_number: int, _frame: FrameType | None) -> None:
    raise TooSlowError(f"longer than {SECONDS} s")


def _refuse_pickle(*_: object, **__: object) -> None:
    raise UnpickledError("something was unpickled")


if __name__ == "__main__":
    main()
