"""What the processor has instructions for besides float32."""

from pathlib import Path

CPU_INFO = Path("/proc/cpuinfo")
_FLAGS = {
    "VNNI": {"avx512_vnni", "avx_vnni", "asimddp"},
    "AMX": {"amx_int8", "amx_tile"},
    "bfloat16": {"avx512_bf16", "amx_bf16", "avx_ne_convert", "bf16"},
}
"""Flags of Linux, of x86 and Arm, any of which means that the processor has the instructions."""


def vector_instructions(cpu_info: Path = CPU_INFO) -> tuple[str, ...]:
    """Return which of VNNI (sums of products of bytes in 32 bits), AMX (tiles of them) and bfloat16 there are.

    Args:
        cpu_info: File in which Linux lists the flags of the processor; without it, none are known.
    """
    try:
        lines = cpu_info.read_text("utf-8").splitlines()
    except OSError:
        return ()
    listed = next((line for line in lines if line.startswith(("flags", "Features"))), ":")
    flags = set(listed.split(":", 1)[1].split())
    return tuple(name for name, any_of in _FLAGS.items() if flags & any_of)
