"""Recordings made small: MP3, which every browser plays and can seek in.

Of the small formats only MP3 plays everywhere without a codec of the system: Opus needs
a recent Safari, AAC a build with licensed codecs.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np

from voiceprep.audio import SAMPLE_RATE

if TYPE_CHECKING:
    from collections.abc import Iterable

    from voiceprep.audio import Samples

BITS_PER_SECOND = 32_000
"""Speech at 16 kHz is clear at this rate, two minutes are 480 kB. The rate is constant,
so that a browser finds a moment by its share of the file."""

_FAST = {"compression_level": "9"}  # LAME's quickest; at this rate no difference is heard


def encode(blocks: Iterable[Samples]) -> bytes:
    """Return sound as an MP3 file, mono at 16 kHz; blocks may be of any length."""
    import av

    held = io.BytesIO()
    with av.open(held, "w", format="mp3") as container:
        stream = container.add_stream("libmp3lame", rate=SAMPLE_RATE, options=_FAST)
        stream.layout = "mono"
        stream.bit_rate = BITS_PER_SECOND
        for block in blocks:
            row = np.ascontiguousarray(block, np.float32).reshape(1, -1)
            frame = av.AudioFrame.from_ndarray(row, "fltp", "mono")
            frame.sample_rate = SAMPLE_RATE
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return held.getvalue()
