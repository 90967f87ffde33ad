"""How long a list and a search over many sessions take, cold and warm.

python tests/benchmarks/sessions.py [COUNT]
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from voiceprep.analysis import Coverage, PointCoverage
from voiceprep.assessment import assess
from voiceprep.banks import load_bank
from voiceprep.history.index import INDEX_FILE, Query, find
from voiceprep.session import Answer, Session
from voiceprep.store import Store
from voiceprep.transcript import Segment, Transcript, Word

if TYPE_CHECKING:
    from voiceprep.questions import Question

ANSWERS = 3


def transcript_of(text: str) -> Transcript:
    """Return a text spoken at 150 words a minute."""
    words = [Word(f" {w}", 0.4 * i, 0.4 * i + 0.3, 0.9) for i, w in enumerate(text.split())]
    return Transcript.from_segments([Segment.of(words)], duration=0.4 * len(words) + 1)


def missed(transcript: Transcript, question: Question) -> Coverage:
    """Return a coverage without a model; here only its size matters."""
    return Coverage.of(PointCoverage(p.text, "missed", 0.1, None) for p in question.key_points)


def make(store: Store, count: int) -> None:
    """Write sessions of three answers, the sample answers of the shipped bank."""
    questions = load_bank("machine-learning").questions
    answers = []
    for question in questions:
        transcript, analysis = assess(
            transcript_of(question.sample_answer or ""), question, missed
        )
        answers.append(Answer(question, None, transcript, analysis))
    for number in range(count):
        chosen = [answers[(number + i) % len(answers)] for i in range(ANSWERS)]
        session = Session(
            f"{number:05}",
            datetime(2020, 1, 1, tzinfo=UTC) + timedelta(hours=number),
            "machine-learning",
            tuple(a.question for a in chosen),
            tuple(chosen),
            "finished",
        )
        folder = store.sessions_folder / session.id
        folder.mkdir(parents=True)
        (folder / "session.json").write_text(json.dumps(session.to_dict()), encoding="utf-8")


def main() -> None:
    """Print the times."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    with tempfile.TemporaryDirectory() as folder:
        store = Store(Path(folder))
        make(store, count)
        print(f"{count} sessions of {ANSWERS} answers")
        for name, query in (
            ("list, index being built", None),
            ("list", None),
            ("search", Query(text="stakeholder alignment")),
        ):
            began = time.perf_counter()
            rows, _ = find(store, query)
            print(f"{name:26}{time.perf_counter() - began:7.3f} s  {len(rows)} found")
        print(f"index: {(store.folder / INDEX_FILE).stat().st_size / 2**20:.1f} MiB")


if __name__ == "__main__":
    main()
