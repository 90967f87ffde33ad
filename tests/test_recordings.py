"""Which recordings are meant, where their results go, and which are finished."""

from __future__ import annotations

import os
import resource
import shutil
import signal
import tempfile
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from voiceprep.errors import VoiceprepError
from voiceprep.files.outputs import JOURNAL, Journal, Plan, Planner, Stamp, keep
from voiceprep.files.recordings import Recording, Refused, find, printable, spooled

if TYPE_CHECKING:
    from collections.abc import Iterator

ODD_NAMES = (
    "with space.wav",
    "two\nlines.wav",
    'it\'s "quoted".wav',
    "🎤 emoji.wav",
    "-dash.wav",
    "[brackets]*?.wav",
    "a:b.wav",
    os.fsdecode(b"not-utf8-\xff.wav"),
)


def names(recordings: tuple[Recording, ...]) -> list[str]:
    return [r.path.name for r in recordings]


def touched(folder: Path, *files: str) -> Path:
    for file in files:
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / file).write_bytes(b"sound")
    return folder


# finding


def test_a_folder_gives_its_recordings_in_natural_order(tmp_path: Path) -> None:
    touched(tmp_path, "answer 10.wav", "answer 9.MP3", "notes.txt", ".hidden.wav", "x/deep.ogg")
    flat, refused = find([str(tmp_path)])
    assert (names(flat), refused) == (["answer 9.MP3", "answer 10.wav"], ())
    deep, _ = find([str(tmp_path)], recursive=True)
    assert names(deep) == ["answer 9.MP3", "answer 10.wav", "deep.ogg"]
    assert [r.inside for r in deep] == [Path(), Path(), Path("x")]


def test_a_named_file_is_taken_whatever_it_is_called_and_only_once(tmp_path: Path) -> None:
    touched(tmp_path, "sound.bin", "a.wav")
    given = [str(tmp_path / "sound.bin"), str(tmp_path), str(tmp_path / "x" / ".." / "a.wav")]
    found, refused = find([*given, str(tmp_path / "a.wav")])
    assert names(found) == ["sound.bin", "a.wav"]
    assert [r.name for r in refused] == [given[2]]  # there is no folder x


@pytest.mark.parametrize("name", ODD_NAMES)
def test_odd_names_are_found_and_printed_on_one_line(tmp_path: Path, name: str) -> None:
    touched(tmp_path, name)
    by_folder, _ = find([str(tmp_path)])
    by_name, refused = find([str(tmp_path / name)])
    assert names(by_folder) == names(by_name) == [name]
    assert refused == ()
    assert by_name[0].name.isprintable()
    by_name[0].name.encode("utf-8")


def test_globs(tmp_path: Path) -> None:
    touched(tmp_path, "a1.wav", "a2.mp3", "a3.txt", "sub/a4.wav")
    assert names(find([f"{tmp_path}/a*"])[0]) == ["a1.wav", "a2.mp3"]
    assert names(find([f"{tmp_path}/a*.txt"])[0]) == ["a3.txt"]
    assert names(find([f"{tmp_path}/**/*.wav"])[0]) == ["a1.wav", "a4.wav"]
    found, (refused,) = find([f"{tmp_path}/b*"])
    assert (found, refused.why) == ((), "nothing has such a name")


def test_what_cannot_be_read_is_refused_and_the_rest_found(tmp_path: Path) -> None:
    touched(tmp_path, "good.wav")
    (tmp_path / "dangling.wav").symlink_to(tmp_path / "none.wav")
    (tmp_path / "self.wav").symlink_to(tmp_path / "self.wav")
    os.mkfifo(tmp_path / "pipe.wav")
    (tmp_path / "empty").mkdir()
    found, refused = find([str(tmp_path), str(tmp_path / "empty"), "no\0such", "none.wav"])
    assert names(found) == ["good.wav"]
    assert {Path(r.name).name: r.why for r in refused} == {
        "dangling.wav": "no such file",
        "self.wav": "cannot be read (Too many levels of symbolic links)",
        "pipe.wav": "cannot be read (not a file)",
        "empty": "no recordings in it; --recursive looks into the folders below it too",
        "no\0such": "no such file",
        "none.wav": "no such file",
    }


def test_a_loop_of_folders_is_searched_once(tmp_path: Path) -> None:
    touched(tmp_path, "a.wav", "x/b.wav")
    (tmp_path / "x" / "loop").symlink_to(tmp_path)
    found, refused = find([str(tmp_path)], recursive=True)
    assert names(found) == ["a.wav", "b.wav"]
    assert [(Path(r.name).name, r.harmless) for r in refused] == [("loop", True)]


@contextmanager
def as_nobody() -> Iterator[Path]:
    """Give a folder that all may enter, and drop the rights of root meanwhile."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    user = os.geteuid()
    try:
        yield folder
    finally:
        os.seteuid(user)
        shutil.rmtree(folder)


def test_a_folder_without_permission(tmp_path: Path) -> None:
    with as_nobody() as top:
        touched(top, "open/a.wav", "closed/b.wav")
        (top / "closed").chmod(0)
        if os.geteuid() == 0:
            os.seteuid(65534)
        found, (refused,) = find([str(top / "open"), str(top / "closed")])
        (top / "closed").chmod(0o700) if os.geteuid() != 65534 else None
    assert names(found) == ["a.wav"]
    assert refused.why == "cannot be read (Permission denied)"


def test_standard_input_is_kept_meanwhile() -> None:
    with spooled(BytesIO(b"sound")) as recording:
        kept = recording.file
        assert kept.read_bytes() == b"sound"
        assert recording.name == "standard input"
    assert not kept.exists()


def test_printable_leaves_ordinary_text_alone() -> None:
    assert printable("Grüße 你好.wav") == "Grüße 你好.wav"
    assert printable("a\nb\x1b[31m") == "a\\nb\\x1b[31m"


# planning


def plans(planner: Planner, *paths: Path, made_with: str = "m") -> list[Plan]:
    found = list(planner.plan([(Recording(p), made_with) for p in paths]))
    assert not any(isinstance(p, Refused) for p in found)
    return [p for p in found if isinstance(p, Plan)]


def outputs(planner: Planner, *paths: Path) -> list[str]:
    return [p.name for plan in plans(planner, *paths) for p in plan.outputs.values()]


def finish(plan: Plan, text: str = "done") -> None:
    journal = Journal.read(plan.folder)
    keep(journal, plan.stamp, dict.fromkeys(plan.outputs.values(), text))


def test_results_lie_beside_the_recording_or_in_one_folder(tmp_path: Path) -> None:
    touched(tmp_path, "x/a.wav", "y/b.wav")
    beside = plans(Planner(["txt", "srt"], None), tmp_path / "x" / "a.wav")
    assert list(beside[0].outputs.values()) == [
        tmp_path / "x" / f"a.{e}" for e in ("txt", "srt")
    ]
    into = Planner(["txt"], tmp_path / "out")
    deep = Recording(tmp_path / "y" / "b.wav", Path("y"))
    (plan,) = into.plan([(deep, "m")])
    assert isinstance(plan, Plan)
    assert plan.outputs == {"txt": tmp_path / "out" / "y" / "b.txt"}


def test_names_never_collide(tmp_path: Path) -> None:
    touched(tmp_path, "x/a.wav", "x/A.mp3", "y/a.wav", "x/b.wav")
    paths = [tmp_path / n for n in ("x/a.wav", "x/A.mp3", "y/a.wav", "x/b.wav")]
    found = outputs(Planner(["txt"], tmp_path / "out"), *paths)
    assert found[:2] == ["a.wav.txt", "A.mp3.txt"]
    assert found[2].startswith("a.wav-")
    assert found[3] == "b.txt"
    assert len({n.casefold() for n in found}) == 4
    reserved = Planner(["txt"], None, reserved=["B.txt"])
    assert outputs(reserved, paths[3]) == ["b.wav.txt"]


def test_a_recording_keeps_its_names_in_later_runs(tmp_path: Path) -> None:
    touched(tmp_path, "a.wav", "a.mp3")
    wav, mp3 = tmp_path / "a.wav", tmp_path / "a.mp3"
    (first,) = plans(Planner(["txt"], None), wav)
    finish(first)
    (other,) = plans(Planner(["txt"], None), mp3)
    assert [p.name for p in other.outputs.values()] == ["a.mp3.txt"]
    finish(other)
    both = plans(Planner(["txt"], None), mp3, wav)
    assert [(p.state, p.outputs["txt"].name) for p in both] == [
        ("finished", "a.mp3.txt"),
        ("finished", "a.txt"),
    ]


def test_somebody_elses_file_is_left_alone(tmp_path: Path) -> None:
    touched(tmp_path, "a.wav", "a.txt")
    assert outputs(Planner(["txt"], None), tmp_path / "a.wav") == ["a.wav.txt"]
    assert outputs(Planner(["txt"], None, overwrite=True), tmp_path / "a.wav") == ["a.txt"]


def test_finished_changed_and_interrupted(tmp_path: Path) -> None:
    touched(tmp_path, "a.wav")
    path = tmp_path / "a.wav"
    (plan,) = plans(Planner(["txt"], None), path)
    finish(plan)
    assert plans(Planner(["txt"], None), path)[0].state == "finished"
    assert plans(Planner(["txt"], None, overwrite=True), path)[0].state == "due"

    more = plans(Planner(["txt", "srt"], None), path)[0]
    assert (more.state, list(more.outputs)) == ("due", ["srt"])

    settings = plans(Planner(["txt"], None), path, made_with="other")[0]
    assert (settings.state, "--overwrite" in settings.why) == ("blocked", True)
    path.write_bytes(b"another take")
    assert plans(Planner(["txt"], None), path)[0].state == "blocked"

    # Killed between the claim and the end: what lies there is not taken for a result.
    Journal.read(tmp_path).begin("a.wav", [tmp_path / "a.txt"])
    (again,) = plans(Planner(["txt"], None), path)
    assert (again.state, again.outputs["txt"].name) == ("due", "a.txt")


def test_a_result_that_was_removed_is_made_again(tmp_path: Path) -> None:
    touched(tmp_path, "a.wav")
    (plan,) = plans(Planner(["txt"], None), tmp_path / "a.wav")
    finish(plan)
    (tmp_path / "a.txt").unlink()
    assert plans(Planner(["txt"], None), tmp_path / "a.wav")[0].state == "due"


def test_folder_and_results_can_be_moved_together(tmp_path: Path) -> None:
    touched(tmp_path, "term/a.wav")
    (plan,) = plans(Planner(["txt"], tmp_path / "term" / "out"), tmp_path / "term" / "a.wav")
    finish(plan)
    (tmp_path / "term").rename(tmp_path / "moved")
    moved = Planner(["txt"], tmp_path / "moved" / "out")
    assert plans(moved, tmp_path / "moved" / "a.wav")[0].state == "finished"


@pytest.mark.parametrize("torn", [b'{"source": "a.wav", "outp', b"\x00\xff\n", b"[]\n", b"7\n"])
def test_a_torn_journal_costs_only_its_last_line(tmp_path: Path, torn: bytes) -> None:
    touched(tmp_path, "a.wav", "b.wav")
    (a,) = plans(Planner(["txt"], None), tmp_path / "a.wav")
    finish(a)
    with (tmp_path / JOURNAL).open("ab") as file:
        file.write(torn)
    (b,) = plans(Planner(["txt"], None), tmp_path / "b.wav")
    finish(b)
    both = plans(Planner(["txt"], None), tmp_path / "a.wav", tmp_path / "b.wav")
    assert [p.state for p in both] == ["finished", "finished"]


# writing


@contextmanager
def full_disk(size: int) -> Iterator[None]:
    """Let no file grow beyond a size, as a full disk would."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_full_disk_leaves_what_was_there(tmp_path: Path) -> None:
    touched(tmp_path, "a.wav")
    small, large = tmp_path / "a.txt", tmp_path / "a.json"
    journal = Journal(tmp_path)
    stamp = Stamp("a.wav", 5, 0, "m")
    keep(journal, stamp, {small: "old", large: "old"})
    with full_disk(4000), pytest.raises(VoiceprepError, match=r"a\.json: cannot be written"):
        keep(journal, stamp, {small: "new", large: "new" * 4000})
    assert (small.read_text(), large.read_text()) == ("old", "old")
    assert sorted(p.name for p in tmp_path.iterdir()) == [JOURNAL, "a.json", "a.txt", "a.wav"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_what_is_put_in_place_is_noted_before_an_interruption(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: signal.Signals
) -> None:
    class StoppedError(Exception):
        pass

    def stopped(*_: object) -> None:
        raise StoppedError

    def begin(journal: Journal, *arguments: Any) -> None:
        signal.raise_signal(number)
        begun(journal, *arguments)

    begun = Journal.begin
    monkeypatch.setattr(Journal, "begin", begin)
    path, stamp = tmp_path / "a.txt", Stamp("a.wav", 5, 0, "m")
    before = signal.signal(signal.SIGTERM, stopped)
    try:
        with pytest.raises((KeyboardInterrupt, StoppedError)):
            keep(Journal(tmp_path), stamp, {path: "done"})
    finally:
        signal.signal(signal.SIGTERM, before)
    assert path.read_text() == "done"
    assert Journal.read(tmp_path).is_current(path, stamp)
    assert sorted(p.name for p in tmp_path.iterdir()) == [JOURNAL, "a.txt"]


def test_results_may_be_kept_in_any_thread(tmp_path: Path) -> None:
    path, stamp = tmp_path / "a.txt", Stamp("a.wav", 5, 0, "m")
    with ThreadPoolExecutor() as pool:
        pool.submit(keep, Journal(tmp_path), stamp, {path: "done"}).result()
    assert Journal.read(tmp_path).is_current(path, stamp)


def test_a_text_of_any_characters_is_written(tmp_path: Path) -> None:
    path = tmp_path / "new" / "a.txt"
    keep(Journal(path.parent), Stamp("a", 0, 0, ""), {path: "é 你\udcff\r\n"})
    assert path.read_bytes() == "é 你\\udcff\r\n".encode()
