"""A sound card without hardware: PulseAudio with two null sinks, all to itself.

What is played to the sink `speaker` can be recorded from its monitor; what is played to
the sink `microphone` is heard through its monitor, which is the microphone of the card.
It has its own runtime folder, socket and configuration, so it meets no other sound server.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from voiceprep import audio

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from voiceprep.audio import Samples

PROGRAMS = ("pulseaudio", "pactl", "parec", "pacat")

START_LIMIT_S = 15.0

ALSA_CONFIGURATION = """\
</usr/share/alsa/alsa.conf>
pcm.!default { type pulse }
ctl.!default { type pulse }
"""


@dataclass(slots=True)
class Heard:
    """What a recording of the speaker has caught; `samples` once it is over."""

    samples: Samples = field(default_factory=lambda: audio.silence(0))
    began: float = 0.0

    def last_sound_s(self, louder_than: float = 0.001) -> float:
        """Return when the last sound ended, in seconds from the start."""
        loud = np.flatnonzero(np.abs(self.samples) > louder_than)
        return float(loud[-1] + 1) / audio.SAMPLE_RATE if len(loud) else 0.0


@dataclass(slots=True)
class SoundCard:
    """The card; `environment` is what a program needs to find it, `server` its process."""

    folder: Path
    environment: dict[str, str]
    server: int
    _listeners: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @contextlib.contextmanager
    def recorded(self, tail_s: float = 0.5) -> Iterator[Heard]:
        """Record what the speaker plays, and `tail_s` more."""
        heard = Heard()
        raw = self.folder / "heard.raw"
        command = ["parec", "--device=speaker.monitor", "--format=s16le", "--channels=1"]
        command += [f"--rate={audio.SAMPLE_RATE}", "--latency-msec=20"]
        with raw.open("wb") as file:
            recorder = subprocess.Popen(command, stdout=file, env=self.environment)
            _wait_until(lambda: raw.stat().st_size > 0)
            heard.began = time.monotonic() - raw.stat().st_size / 2 / audio.SAMPLE_RATE
            yield heard
            time.sleep(tail_s)
            recorder.send_signal(signal.SIGINT)
            recorder.wait()
        heard.samples = np.fromfile(raw, "<i2").astype(np.float32) / 32768.0

    @contextlib.contextmanager
    def spoken_into(self, samples: Samples, sink: str = "microphone") -> Iterator[None]:
        """Play samples into the microphone while the context lasts."""
        raw = self.folder / "spoken.raw"
        raw.write_bytes(audio.to_pcm16(samples))
        command = ["pacat", f"--device={sink}", "--format=s16le", "--channels=1"]
        command += [f"--rate={audio.SAMPLE_RATE}", "--latency-msec=50", str(raw)]
        player = subprocess.Popen(command, env=self.environment)
        try:
            yield
        finally:
            player.kill()
            player.wait()

    def plug(self) -> None:
        """Connect the speaker and the microphone, and make them the system's own."""
        for name in ("speaker", "microphone"):
            self.control("load-module", "module-null-sink", f"sink_name={name}", "rate=48000")
            # A null sink renders two seconds at a time until somebody wants it sooner.
            command = ["parec", f"--device={name}.monitor", "--latency-msec=20"]
            listener = subprocess.Popen(
                command,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env=self.environment,
            )
            self._listeners.append(listener)
        self.control("set-default-sink", "speaker")
        self.control("set-default-source", "microphone.monitor")
        # Whatever was rendered ahead before is over by then.
        time.sleep(2.0)

    def unplug(self) -> None:
        """Pull both out; no other device is there that could take over."""
        self.control("unload-module", "module-null-sink")
        for listener in self._listeners:
            listener.terminate()
            listener.wait()
        self._listeners.clear()

    def control(self, *command: str) -> str:
        """Tell the card something through pactl."""
        done = subprocess.run(
            ["pactl", *command],
            env=self.environment,
            check=True,
            capture_output=True,
            text=True,
            timeout=START_LIMIT_S,
        )
        return done.stdout.strip()


@pytest.fixture(scope="module")
def sound_card() -> Iterator[SoundCard]:
    """Run a card, and have PortAudio in this process see it and nothing else."""
    missing = [program for program in PROGRAMS if not shutil.which(program)]
    if missing:
        pytest.skip(f"no virtual sound card without {', '.join(missing)}")
    # The path of a socket has 108 bytes at most, less than pytest's folders may take.
    with tempfile.TemporaryDirectory(prefix="card-") as name, running(Path(name)) as card:
        before = dict(os.environ)
        os.environ.update(card.environment)
        _look_again()
        yield card
        os.environ.clear()
        os.environ.update(before)
        _look_again()


@contextlib.contextmanager
def running(folder: Path) -> Iterator[SoundCard]:
    """Run a card whose files lie in `folder`, whose path must be short."""
    environment = _environment(folder)
    command = ["pulseaudio", "-n", "--daemonize=no", "--use-pid-file=no"]
    command += ["--exit-idle-time=-1", "--disable-shm=yes", "--realtime=no"]
    command += ["--high-priority=no", "--log-level=error"]
    protocol = f"module-native-protocol-unix auth-anonymous=1 socket={folder / 'socket'}"
    command += ["--load", protocol]
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
    try:
        card = SoundCard(folder, environment, server.pid)
        _wait_until(lambda: _answers(card, server))
        card.plug()
        yield card
        card.unplug()
    finally:
        server.terminate()
        server.wait()


def _environment(folder: Path) -> dict[str, str]:
    """Return the environment of programs that use the card."""
    (folder / "alsa.conf").write_text(ALSA_CONFIGURATION)
    (folder / "client.conf").write_text("autospawn = no\nenable-shm = no\n")
    folder.chmod(0o700)
    return os.environ | {
        "PULSE_SERVER": f"unix:{folder / 'socket'}",
        "PULSE_CLIENTCONFIG": str(folder / "client.conf"),
        "PULSE_COOKIE": str(folder / "cookie"),
        "PULSE_RUNTIME_PATH": str(folder),
        "PULSE_STATE_PATH": str(folder),
        "XDG_RUNTIME_DIR": str(folder),
        "ALSA_CONFIG_PATH": str(folder / "alsa.conf"),
    }


def _answers(card: SoundCard, server: subprocess.Popen[bytes]) -> bool:
    if server.poll() is not None:
        raise RuntimeError(f"pulseaudio: {(card.folder / 'log').read_text()}")
    with contextlib.suppress(subprocess.SubprocessError):
        return "native" in card.control("list", "short", "modules")
    return False


def _wait_until(happened: Callable[[], bool]) -> None:
    until = time.monotonic() + START_LIMIT_S
    while not happened():
        if time.monotonic() > until:
            raise TimeoutError("the virtual sound card did not answer")
        time.sleep(0.02)


def _look_again() -> None:
    """Have PortAudio list the devices anew, if it has been loaded before."""
    if "sounddevice" in sys.modules:
        import sounddevice

        sounddevice._terminate()
        sounddevice._initialize()
