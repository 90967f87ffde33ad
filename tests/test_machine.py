from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from voiceprep.machine import has_avx512

if TYPE_CHECKING:
    from pathlib import Path

ALLOCATE = """
import ctypes
from voiceprep.engines import Loading
loading = [Loading(lambda: [bytes(2000) for _ in range(2000)]) for _ in range(3)]
[one() for one in loading]
ctypes.CDLL(None).malloc_stats()
"""


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no arenas")
def test_all_threads_share_one_arena() -> None:
    """What one model was loaded with must serve the other."""
    done = subprocess.run(
        [sys.executable, "-c", ALLOCATE], capture_output=True, text=True, check=True
    )
    assert done.stderr.count("Arena") == 1


@pytest.mark.parametrize(
    ("flags", "has"),
    [
        ("fpu avx2 avx512f avx512cd avx512vl avx512bw avx512dq", True),
        ("fpu avx2 avx512f avx512cd", False),
        ("", False),
    ],
)
def test_wide_instructions_only_where_the_processor_has_them(
    flags: str, has: bool, tmp_path: Path
) -> None:
    cpu = tmp_path / "cpuinfo"
    cpu.write_text(f"model name\t: any\nflags\t\t: {flags}\nbugs\t\t:\n")
    assert has_avx512(cpu) is has


def test_a_system_without_that_file(tmp_path: Path) -> None:
    assert not has_avx512(tmp_path / "cpuinfo")


@pytest.mark.skipif(sys.platform != "linux", reason="threads are counted in /proc")
def test_linear_algebra_has_no_threads_of_its_own() -> None:
    """They would keep a core busy between one product and the next."""
    count = "import os, voiceprep, numpy; print(len(os.listdir('/proc/self/task')))"
    environment = {k: v for k, v in os.environ.items() if k != "OPENBLAS_NUM_THREADS"}
    done = subprocess.run(
        [sys.executable, "-c", count],
        capture_output=True,
        text=True,
        check=True,
        env=environment,
    )
    assert int(done.stdout) == 1
