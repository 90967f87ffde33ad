"""A language model of the user's own, asked for one yes or no at a time.

The engine room of `judge`: a GGUF file through llama-cpp-python, or a server on this
machine (see `model_server`). What comes back is always a logit,
log P(yes) - log P(no) of the first word of the reply.
"""

from __future__ import annotations

import importlib.util
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from voiceprep.errors import ModelError
from voiceprep.model_server import (
    MIN_MASS,
    Address,
    Server,
    check_loopback,
    messages,
    neither,
    one_line,
    parse_address,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

OLLAMA = "http://localhost:11434/v1"
"""Where Ollama listens by default."""

CONTEXT_TOKENS = 4096
"""The question, an answer of up to about 20 minutes and one claim."""

_WORDS = {"yes": ("Yes", "yes", "YES", " Yes", " yes"), "no": ("No", "no", "NO", " No", " no")}


class YesNoModel(Protocol):
    """What `judge` needs of a language model."""

    def logit(self, instructions: str, request: str) -> float:
        """Return log P(yes) - log P(no).

        Raises:
            ModelError: there is no such reply.
        """
        ...


def find_model(named: str, hosts: Iterable[str] = ()) -> Path | Address:
    """Return the file or the server that `named` means, checked but not yet loaded.

    `hosts` are further machines that the user lets answers be sent to.

    Raises:
        ModelError: it is neither, cannot be used, or is not on this machine.
    """
    if named.startswith("ollama:"):
        named = f"{OLLAMA}#{named.removeprefix('ollama:')}"
    if "://" not in named:
        return _file(Path(named).expanduser())
    address = parse_address(named)
    if not _named(address.host, hosts):
        check_loopback(address)
    return address


def load_model(found: Path | Address, hosts: Iterable[str] = ()) -> YesNoModel:
    """Load the file, or prepare to ask the server, that `find_model` found.

    Raises:
        ModelError: the file holds no usable model.
    """
    if isinstance(found, Path):
        return LocalModel.load(found)
    return Server(found, anywhere=_named(found.host, hosts))


def _named(host: str, hosts: Iterable[str]) -> bool:
    return host.lower() in {h.strip().strip("[]").lower() for h in hosts}


def _file(path: Path) -> Path:
    """Return the path of a GGUF file that llama-cpp-python can be asked to load."""
    try:
        with path.open("rb") as file:
            magic = file.read(4)
    except OSError as error:
        raise ModelError(f"--judge {path}: cannot be read ({error.strerror})") from error
    if magic != b"GGUF":
        raise ModelError(f"--judge {path}: not a GGUF model file")
    if importlib.util.find_spec("llama_cpp") is None:
        raise ModelError(
            f"--judge {path}: needs llama-cpp-python; "
            "install it with `pip install 'voiceprep[judge]'`"
        )
    return path


class LocalModel:
    """A GGUF file in this process. What two requests begin with alike is read once."""

    def __init__(self, llama: Any, processors: Any, name: str) -> None:
        self._llama = llama
        self._processors = processors
        self._name = name
        self._ids = {word: self._single_tokens(_WORDS[word]) for word in _WORDS}

    @classmethod
    def load(cls, path: Path) -> LocalModel:
        """Load a model file.

        Raises:
            ModelError: llama.cpp cannot read it.
        """
        import llama_cpp

        try:
            llama = llama_cpp.Llama(str(path), n_ctx=CONTEXT_TOKENS, verbose=False)
        except (OSError, ValueError, RuntimeError, AssertionError) as error:
            raise ModelError(f"--judge {path}: llama.cpp cannot load it ({error})") from error
        return cls(llama, llama_cpp.LogitsProcessorList, path.name)

    def logit(self, instructions: str, request: str) -> float:
        """Return log P(yes) - log P(no), read from the logits of the first token."""
        kept: list[Any] = []

        def keep(_tokens: Any, logits: Any) -> Any:
            kept.append(np.array(logits, np.float64))
            return logits

        try:
            self._llama.create_chat_completion(
                messages(instructions, request),
                max_tokens=1,
                temperature=0.0,
                logits_processor=self._processors([keep]),
            )
        except (ValueError, RuntimeError) as error:
            raise ModelError(f"--judge {self._name}: {one_line(str(error))}") from error
        logprobs = kept[0] - np.logaddexp.reduce(kept[0])
        yes, no = (float(np.logaddexp.reduce(logprobs[ids])) for ids in self._ids.values())
        return _difference(yes, no, self._name)

    def _single_tokens(self, words: Sequence[str]) -> list[int]:
        """Return the ids of the spellings of a word that are one token."""
        tokens = (self._llama.tokenize(w.encode(), add_bos=False) for w in words)
        ids = sorted({t[0] for t in tokens if len(t) == 1})
        if not ids:
            raise ModelError(f"--judge {self._name}: its vocabulary has no {words[0]!r}")
        return ids


def _difference(yes: float, no: float, name: str) -> float:
    if np.logaddexp(yes, no) < math.log(MIN_MASS):
        raise ModelError(neither(name))
    return yes - no
