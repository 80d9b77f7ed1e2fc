import pytest

from mnist_growth.machine import vector_instructions


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("flags\t\t: fpu avx2 avx512_vnni amx_tile amx_bf16", ("VNNI", "AMX", "bfloat16")),
        ("flags\t\t: fpu avx2 avx_vnni", ("VNNI",)),
        ("Features\t: fp asimd asimddp bf16", ("VNNI", "bfloat16")),
        ("flags\t\t: fpu avx2", ()),
        ("processor\t: 0", ()),
    ],
)
def test_the_instructions_are_those_of_the_flags(tmp_path, line, expected):
    path = tmp_path / "cpuinfo"
    path.write_text(f"processor\t: 0\n{line}\nbugs\t\t: amx_int8\n")
    assert vector_instructions(path) == expected


def test_nothing_is_known_without_the_file(tmp_path):
    assert vector_instructions(tmp_path / "missing") == ()
