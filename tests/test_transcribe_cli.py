"""`voiceprep transcribe` as a user types it: files, folders, formats, bad input, Ctrl-C."""

from __future__ import annotations

import csv
import json
import os
import pty
import resource
import signal
import subprocess
import sys
import time
import wave
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING

import pytest

from tests.conftest import ANSWERS
from voiceprep import audio

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.weights

FORMATS = ("txt", "srt", "vtt", "tsv", "json", "md")
PIECE_S = 4


@dataclass(frozen=True)
class Run:
    code: int
    out: str
    err: str


def transcribe(
    *arguments: str | Path,
    cwd: Path,
    stdin: bytes | IO[bytes] = b"",
    limits: Callable[[], None] | None = None,
) -> Run:
    """Run the command in a process of its own, in a folder."""
    run = subprocess.run(
        [sys.executable, "-m", "voiceprep", "transcribe", *map(str, arguments)],
        input=stdin if isinstance(stdin, bytes) else None,
        stdin=None if isinstance(stdin, bytes) else stdin,
        capture_output=True,
        check=False,
        cwd=cwd,
        preexec_fn=limits,
    )
    out, err = run.stdout.decode(), run.stderr.decode()
    assert "Traceback" not in err, err
    return Run(run.returncode, out, err)


@pytest.fixture(scope="module")
def pieces(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Return short pieces of the recorded answers, by the word that is heard in them."""
    folder = tmp_path_factory.mktemp("pieces")
    made = {}
    for word, name in (("model", "question-04-partial"), ("project", "question-01-good")):
        made[word] = folder / f"{name}.wav"
        samples = audio.read(ANSWERS / f"{name}.flac")[: PIECE_S * audio.SAMPLE_RATE]
        audio.write(made[word], samples)
    return made


@pytest.fixture
def term(tmp_path: Path, pieces: dict[str, Path]) -> Path:
    """Return a folder with two answers, one of them in a folder of its own."""
    folder = tmp_path / "term"
    (folder / "late").mkdir(parents=True)
    (folder / "answer q4.wav").write_bytes(pieces["model"].read_bytes())
    (folder / "late" / "q1.wav").write_bytes(pieces["project"].read_bytes())
    return folder


def convert(source: Path, target: Path, *, codec: str, rate: int, layout: str) -> Path:
    """Encode a recording anew."""
    import av

    with av.open(str(source)) as reader, av.open(str(target), "w") as writer:
        stream = writer.add_stream(codec, rate=rate, layout=layout)
        assert isinstance(stream, av.AudioStream)
        context = stream.codec_context
        resampler = av.AudioResampler(context.format, layout, rate, context.frame_size or 1024)
        for frame in (*reader.decode(audio=0), None):
            for ready in resampler.resample(frame):
                writer.mux(stream.encode(ready))
        writer.mux(stream.encode(None))
    return target


def test_one_recording_is_printed(tmp_path: Path, pieces: dict[str, Path]) -> None:
    run = transcribe(pieces["model"], cwd=tmp_path)
    assert (run.code, run.err) == (0, "")
    assert "the model has to reach" in run.out
    assert list(tmp_path.iterdir()) == []


def test_standard_input_in_a_chosen_format(tmp_path: Path, pieces: dict[str, Path]) -> None:
    # The index of this container stands at its end: it cannot be read from a pipe as it comes.
    movie = convert(
        pieces["model"], tmp_path / "a.mp4", codec="aac", rate=44_100, layout="stereo"
    )
    run = transcribe("-", "-f", "vtt", "-o", "-", cwd=tmp_path, stdin=movie.read_bytes())
    assert run.code == 0
    assert run.out.startswith("WEBVTT\n\n00:00:0")
    assert "the model has to reach" in run.out.replace("\n", " ")
    assert [p.name for p in tmp_path.iterdir()] == ["a.mp4"]
    empty = transcribe("-", cwd=tmp_path)
    assert (empty.code, empty.out, empty.err) == (
        1,
        "",
        "Error: standard input: the file is empty\n",
    )


def test_a_folder_in_all_formats_and_again(tmp_path: Path, term: Path) -> None:
    arguments = ("term", "--recursive", "-f", "all", "-o", "out", "--json")
    run = transcribe(*arguments, cwd=tmp_path)
    assert run.code == 0
    summary = json.loads(run.out)
    assert (summary["done"], summary["failed"], summary["tables"]) == (2, 0, [])
    assert {f["file"]: f["status"] for f in summary["files"]} == {
        "term/answer q4.wav": "done",
        "term/late/q1.wav": "done",
    }
    for stem in ("answer q4", "late/q1"):
        assert [(tmp_path / "out" / f"{stem}.{e}").stat().st_size > 0 for e in FORMATS]
    data = json.loads((tmp_path / "out" / "late" / "q1.json").read_text(encoding="utf-8"))
    assert data["duration"] == PIECE_S
    assert "project" in data["text"]
    assert "\x1b" not in run.err
    assert run.err.splitlines()[-1] == "2 done, 0 skipped, 0 failed"

    before = {p: p.stat().st_mtime_ns for p in (tmp_path / "out").rglob("*.*")}
    again = transcribe(*arguments, cwd=tmp_path)
    assert json.loads(again.out)["skipped"] == 2
    assert {p: p.stat().st_mtime_ns for p in (tmp_path / "out").rglob("*.*")} == before
    assert sorted(p.name for p in term.iterdir()) == ["answer q4.wav", "late"]


def test_a_folder_against_a_bank_gets_a_table(tmp_path: Path, term: Path) -> None:
    (term / "unknown.wav").write_bytes((term / "answer q4.wav").read_bytes())
    run = transcribe("term", "-r", "--bank", "machine-learning", "-f", "md,json", cwd=tmp_path)
    assert run.code == 0
    assert "term/unknown.wav: no question known (its name has no number)\n" in run.err
    with (term / "answers.csv").open(newline="", encoding="utf-8") as file:
        rows = {r["file"]: r for r in csv.DictReader(file)}
    assert {n: r["question"] for n, r in rows.items()} == {
        "term/answer q4.wav": "4",
        "term/late/q1.wav": "1",
        "term/unknown.wav": "",
    }
    q4 = rows["term/answer q4.wav"]
    assert int(q4["covered"]) + int(q4["partial"]) + int(q4["missed"]) == 7
    assert rows["term/unknown.wav"]["coverage"] == ""
    assert (term / "answers.md").read_text(encoding="utf-8").count("\n") == 5
    data = json.loads((term / "answer q4.json").read_text(encoding="utf-8"))
    assert data["analysis"]["question"]["number"] == 4
    report = (term / "answer q4.md").read_text(encoding="utf-8")
    assert report.startswith("# answer q4\n")
    assert "## Key points" in report


def test_bad_input_is_a_line_each_and_the_others_finish(
    tmp_path: Path, pieces: dict[str, Path]
) -> None:
    import av

    good = pieces["model"].read_bytes()
    bad = tmp_path / "bad"
    bad.mkdir()
    plain = ("with space.wav", "two\nlines.wav", 'it\'s "q".wav', "🎤.wav", "-dash.wav")
    odd = (*plain, os.fsdecode(b"raw\xff.wav"))
    for name in odd:
        (bad / name).write_bytes(good)
    (bad / "truncated.wav").write_bytes(good[:90_000])
    with wave.open(str(bad / "zero.wav"), "wb") as zero:
        zero.setparams((1, 2, 16_000, 0, "NONE", ""))
    (bad / "empty.wav").touch()
    (bad / "header.wav").write_bytes(good[:20])
    (bad / "text.wav").write_text("this is no sound")
    (bad / "noise.mp3").write_bytes(bytes(range(256)) * 20)
    with av.open(str(bad / "mute.mp4"), "w") as movie:
        stream = movie.add_stream("mpeg4", rate=5, width=64, height=64, pix_fmt="yuv420p")
        movie.mux(stream.encode(av.VideoFrame(64, 64, "yuv420p")))
        movie.mux(stream.encode(None))
    (bad / "loop.wav").symlink_to("loop.wav")
    (bad / "again").symlink_to(".")
    movie_path = convert(
        pieces["model"], bad / "movie.webm", codec="libopus", rate=48_000, layout="stereo"
    )
    telephone = convert(
        pieces["model"], bad / "phone.wav", codec="pcm_mulaw", rate=8_000, layout="mono"
    )

    run = transcribe("bad", "none.wav", "-r", "-o", "out", "--json", cwd=tmp_path)
    assert run.code == 1
    files = {f["file"]: f for f in json.loads(run.out)["files"]}
    failed = {Path(n).name: f["reason"] for n, f in files.items() if f["status"] == "failed"}
    assert failed == {
        "empty.wav": "bad/empty.wav: the file is empty",
        "header.wav": "bad/header.wav: not a recording that FFmpeg can decode",
        "text.wav": "bad/text.wav: not a recording that FFmpeg can decode",
        "noise.mp3": "bad/noise.mp3: not a recording that FFmpeg can decode",
        "mute.mp4": "bad/mute.mp4: there is no sound in it",
        "loop.wav": "bad/loop.wav: cannot be read (Too many levels of symbolic links)",
        "none.wav": "none.wav: no such file",
    }
    errors = [line for line in run.err.splitlines() if line.startswith("Error: ")]
    assert sorted(errors) == sorted(f"Error: {line}" for line in failed.values())
    assert "Skipped: bad/again: the same folder as bad" in run.err
    for path in (*map(Path, odd), movie_path, telephone):
        text = (tmp_path / "out" / f"{path.stem}.txt").read_text(encoding="utf-8")
        assert "model" in text, path
    assert (tmp_path / "out" / "truncated.txt").read_text(encoding="utf-8")
    assert (tmp_path / "out" / "zero.txt").read_text(encoding="utf-8") == ""


def test_a_leading_dash(tmp_path: Path, pieces: dict[str, Path]) -> None:
    (tmp_path / "-dash.wav").write_bytes(pieces["model"].read_bytes())
    assert "model" in transcribe("--", "-dash.wav", cwd=tmp_path).out


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("a.wav", "-f", "docx"), "docx: known are txt, srt, vtt, tsv, json, md, all"),
        (("a.wav", "-q", "4"), "--question needs --bank"),
        (("a.wav", "b.wav", "-o", "-"), "-o - prints one recording"),
        (("a.wav", "-f", "txt,srt", "-o", "-"), "-o - prints one format"),
        (("a.wav", "--jobs", "2", "--cluster", "x"), "exclude each other"),
        ((), "Missing argument"),
    ],
)
def test_misuse_is_2(tmp_path: Path, arguments: tuple[str, ...], complaint: str) -> None:
    run = transcribe(*arguments, cwd=tmp_path)
    assert (run.code, run.out) == (2, "")
    assert complaint in run.err


def test_one_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    run = transcribe("none.wav", cwd=tmp_path)
    assert (run.code, run.out, run.err) == (1, "", "Error: none.wav: no such file\n")


def test_what_stands_there_is_not_overwritten(tmp_path: Path, pieces: dict[str, Path]) -> None:
    recording = tmp_path / "a.wav"
    recording.write_bytes(pieces["model"].read_bytes())
    (tmp_path / "a.txt").write_text("my notes")
    assert transcribe("a.wav", "-f", "txt", cwd=tmp_path).code == 0
    assert (tmp_path / "a.txt").read_text() == "my notes"
    assert "model" in (tmp_path / "a.wav.txt").read_text()
    # Another take under the same name is neither skipped nor written over the first.
    recording.write_bytes(pieces["project"].read_bytes())
    blocked = transcribe("a.wav", "-f", "txt", cwd=tmp_path)
    assert blocked.code == 1
    assert "a.wav.txt is there already, made from another version" in blocked.err
    assert transcribe("a.wav", "-f", "txt", "--overwrite", cwd=tmp_path).code == 0
    assert "project" in (tmp_path / "a.wav.txt").read_text()


def _small_files() -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (600, 600))


def test_a_full_disk_is_a_line_each(tmp_path: Path, term: Path) -> None:
    arguments = ("term", "-r", "-f", "txt,json", "-o", "out")
    run = transcribe(*arguments, cwd=tmp_path, limits=_small_files)
    assert run.code == 1
    assert [line.split(": ", 2)[2] for line in run.err.splitlines()[:2]] == [
        "cannot be written (File too large)"
    ] * 2
    left = [p.name for p in (tmp_path / "out").rglob("*") if p.is_file()]
    assert not [name for name in left if name.endswith((".json", ".txt"))]
    assert transcribe(*arguments, cwd=tmp_path).code == 0


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_an_interrupted_run_is_taken_up(
    tmp_path: Path, pieces: dict[str, Path], jobs: str
) -> None:
    long = audio.read(ANSWERS / "question-01-good.flac")
    (tmp_path / "many").mkdir()
    for i in range(12):
        path = tmp_path / "many" / f"{i:02}.wav"
        audio.write(path, long) if i > 3 else path.write_bytes(pieces["model"].read_bytes())
    command = [sys.executable, "-m", "voiceprep", "transcribe", "many", "--jobs", jobs]
    run = subprocess.Popen(
        command, cwd=tmp_path, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    while not _finished(tmp_path):
        assert run.poll() is None
        time.sleep(0.02)
    os.killpg(run.pid, signal.SIGINT)
    _, err = run.communicate(timeout=30)
    assert run.returncode == 130, err
    assert "Traceback" not in err
    assert err.endswith("Interrupted.\n")
    kept = {p: p.stat().st_mtime_ns for p in _finished(tmp_path)}
    assert 1 <= len(kept) < 12
    assert all("model" in p.read_text() for p in kept)
    assert not list((tmp_path / "many").glob(".voiceprep-*"))
    assert _ends(run.pid), "a process is left behind"

    for path in (tmp_path / "many").glob("*.wav"):
        if path.stem > "03":
            path.unlink()
    again = transcribe("many", "--json", cwd=tmp_path)
    summary = json.loads(again.out)
    assert (again.code, summary["failed"]) == (0, 0)
    assert summary["skipped"] == len([p for p in kept if p.with_suffix(".wav").exists()])
    assert len(_finished(tmp_path)) >= 4
    assert {p: p.stat().st_mtime_ns for p in kept} == kept


def _finished(folder: Path) -> list[Path]:
    return sorted((folder / "many").glob("*.txt"))


def _ends(group: int, within_s: float = 10.0) -> bool:
    """Tell whether all processes of a group end soon."""
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.05)
    return False


def test_a_bar_on_a_terminal(tmp_path: Path, term: Path) -> None:
    ours, theirs = pty.openpty()
    run = subprocess.Popen(
        [sys.executable, "-m", "voiceprep", "transcribe", "term", "-r", "-o", "out"],
        cwd=tmp_path,
        stderr=theirs,
        stdout=subprocess.PIPE,
        env={**os.environ, "TERM": "xterm-256color"},
    )
    os.close(theirs)
    seen = b""
    while chunk := _read(ours):
        seen += chunk
    assert run.wait() == 0
    assert run.stdout is not None
    assert run.stdout.read() == b""
    run.stdout.close()
    os.close(ours)
    assert b"0 of 2" in seen
    assert b"x real time" in seen
    assert b"left" in seen


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 4096)
    except OSError:  # Linux: the other end was closed
        return b""
