from pathlib import Path

import pytest

from mnist_growth.digits.checksums import read_checksums, write_checksums


def test_written_digests_are_read_back(tmp_path: Path) -> None:
    digests = {"b": "0" * 64, "a": "f" * 64}
    write_checksums(tmp_path / "SHA256SUMS", digests)
    assert read_checksums(tmp_path / "SHA256SUMS") == digests


def test_missing_file_has_no_digests(tmp_path: Path) -> None:
    assert read_checksums(tmp_path / "SHA256SUMS") == {}


@pytest.mark.parametrize("line", ["", "abc  name", "0" * 64, "0" * 64 + "  ", "\udcff" * 70])
def test_invalid_line_is_rejected(line: str, tmp_path: Path) -> None:
    path = tmp_path / "SHA256SUMS"
    path.write_bytes(f"{'0' * 64}  good\n{line}\n".encode(errors="surrogateescape"))
    with pytest.raises(ValueError, match=r"Line 2 of .*SHA256SUMS is invalid, expected a SHA-256 digest"):
        read_checksums(path)
