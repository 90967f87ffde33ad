from __future__ import annotations

import subprocess
import sys

import pytest

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
