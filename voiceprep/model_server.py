"""A language model on a server that speaks OpenAI's chat API (Ollama, llama.cpp, LM Studio).

The server is reached directly: no proxy is used, no redirect is followed, and nothing is
sent before the address at the other end is known to be of this machine, or the user
named that host.
"""

from __future__ import annotations

import http.client
import ipaddress
import json
import math
import socket
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from voiceprep.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Mapping

TIMEOUT_S = 120.0
"""For one reply: the first one waits until the server has read the model from disk."""

MAX_REPLY_BYTES = 1 << 20
"""A reply to one yes-or-no question has about 3 kB; a server that sends more is no such one."""

MAX_TOKENS = 3
"""Tokens of a reply, so that white space before the word does not hide it."""

TOP_LOGPROBS = 20
"""Alternatives asked for at each token: the most that OpenAI's API allows."""

PLAIN_LOGIT = 4.0
"""Taken for a plain yes (and its negative for a no) of a server without probabilities:
what a model of 1.5 billion parameters says when it is sure."""

MIN_MASS = 0.05
"""Probability of yes and no together below which a reply answers something else."""

_REFUSING = (400, 422, 501)
"""Statuses with which servers turn down a parameter that they do not know."""


@dataclass(frozen=True, slots=True)
class Address:
    """A server: its address as given, in parts, and the model to ask (None: its only one)."""

    url: str
    tls: bool
    host: str
    port: int
    path: str
    model: str | None


def parse_address(url: str) -> Address:
    """Read an address such as http://localhost:11434/v1#qwen2.5:7b.

    Raises:
        ModelError: it is not one.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise ModelError(f"--judge {url}: {error}") from error
    if parts.scheme not in ("http", "https") or not host or parts.query or "@" in parts.netloc:
        raise ModelError(
            f"--judge {url}: not an address of the form http://localhost:PORT/v1#MODEL"
        )
    tls = parts.scheme == "https"
    path = parts.path.rstrip("/") or "/v1"
    return Address(url, tls, host, port or (443 if tls else 80), path, parts.fragment or None)


def is_loopback(address: str) -> bool:
    """Tell whether an IP address is one of this machine's own, 127.0.0.0/8 or ::1."""
    ip = ipaddress.ip_address(address)
    mapped = ip.ipv4_mapped if isinstance(ip, ipaddress.IPv6Address) else None
    return (mapped or ip).is_loopback


def check_loopback(address: Address) -> None:
    """Refuse a host that stands for any other machine.

    Raises:
        ModelError: it does, or nothing answers to that name.
    """
    try:
        found = socket.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise ModelError(f"--judge {address.url}: there is no host {address.host}") from error
    for *_, place in found:
        if not is_loopback(str(place[0])):
            raise ModelError(_elsewhere(address))


def _elsewhere(address: Address) -> str:
    return (
        f"--judge {address.url}: {address.host} is not this machine, and your answers "
        f"stay here; to have them sent there, add --judge-host {address.host}"
    )


def messages(instructions: str, request: str) -> list[dict[str, str]]:
    """Return a chat of one request."""
    return [
        {"role": "system", "content": instructions},
        {"role": "user", "content": request},
    ]


class Server:
    """A server of OpenAI's chat API, one connection a request."""

    def __init__(
        self, address: Address, *, anywhere: bool = False, timeout_s: float = TIMEOUT_S
    ) -> None:
        """Keep the address; `anywhere` lifts the restriction to this machine."""
        self._address = address
        self._anywhere = anywhere
        self._timeout_s = timeout_s
        self._model = address.model
        self._with_logprobs = True

    def logit(self, instructions: str, request: str) -> float:
        """Return log P(yes) - log P(no), or what stands for it without probabilities."""
        if self._model is None:
            self._model = self._only_model()
        body = {
            "model": self._model,
            "messages": messages(instructions, request),
            "max_tokens": MAX_TOKENS,
            "temperature": 0,
            "stream": False,
        }
        more = {"logprobs": True, "top_logprobs": TOP_LOGPROBS}
        if self._with_logprobs:
            status, reply = self._exchange("POST", "/chat/completions", {**body, **more})
            self._with_logprobs = status not in _REFUSING
        if not self._with_logprobs:
            status, reply = self._exchange("POST", "/chat/completions", body)
        return reply_logit(self._checked(status, reply), self._address.url)

    def _only_model(self) -> str:
        reply = self._checked(*self._exchange("GET", "/models"))
        rows = reply.get("data") if isinstance(reply, dict) else None
        names = [str(r["id"]) for r in rows or () if isinstance(r, dict) and "id" in r]
        if len(names) != 1:
            known = ", ".join(names) or "none"
            raise self._failure(f"name one of its models after # (it has: {one_line(known)})")
        return names[0]

    def _checked(self, status: int, content: bytes) -> Any:
        """Return the JSON of a good reply."""
        if status != http.client.OK:
            said = one_line(content.decode("utf-8", "replace"))
            raise self._failure(f"the server answers {status}" + (f": {said}" if said else ""))
        try:
            return json.loads(content)
        except ValueError as error:
            raise self._failure("the server's reply is not JSON") from error

    def _exchange(
        self, method: str, path: str, body: Mapping[str, Any] | None = None
    ) -> tuple[int, bytes]:
        """Send one request and return the status and content of its reply."""
        where = self._address
        kind = http.client.HTTPSConnection if where.tls else http.client.HTTPConnection
        connection = kind(where.host, where.port, timeout=self._timeout_s)
        until = time.monotonic() + self._timeout_s
        try:
            connection.connect()
            # A name may stand for another machine by now, so what counts is the other end.
            if not self._anywhere and not is_loopback(connection.sock.getpeername()[0]):
                raise ModelError(_elsewhere(where))
            content = None if body is None else json.dumps(body).encode()
            headers = {"Content-Type": "application/json"} if content else {}
            connection.request(method, where.path + path, content, headers)
            response = connection.getresponse()
            if 300 <= response.status < 400:
                raise self._failure("the server redirects elsewhere, which is not followed")
            return response.status, self._read(response, until)
        except TimeoutError as error:
            raise self._failure(f"no reply within {self._timeout_s:g} s") from error
        except (OSError, http.client.HTTPException, UnicodeError) as error:
            said = getattr(error, "strerror", None) or str(error) or type(error).__name__
            raise self._failure(f"the server cannot be used ({one_line(said)})") from error
        finally:
            connection.close()

    def _read(self, response: http.client.HTTPResponse, until: float) -> bytes:
        """Return the content, unless it is too much or comes too slowly."""
        content = b""
        while piece := response.read1(65536):
            content += piece
            if len(content) > MAX_REPLY_BYTES:
                raise self._failure("the server's reply is far too long")
            if time.monotonic() > until:
                raise TimeoutError
        return content

    def _failure(self, what: str) -> ModelError:
        return ModelError(f"--judge {self._address.url}: {what}")


def reply_logit(reply: Any, name: str) -> float:
    """Return log P(yes) - log P(no) of a chat completion.

    Without probabilities a plain yes or no stands for PLAIN_LOGIT or its negative.

    Raises:
        ModelError: the reply has another shape, or begins with another word.
    """
    try:
        choice = reply["choices"][0]
        text = str(choice["message"].get("content") or "")
        logprobs = choice.get("logprobs") or {}
        positions = logprobs.get("content") or []
        # White space may come first.
        for position in positions:
            if str(position["token"]).strip():
                return _from_logprobs(position, name)
    except (KeyError, IndexError, TypeError, ValueError, AttributeError) as error:
        raise ModelError(f"--judge {name}: the reply is no chat completion") from error
    word = text.strip(" \t\r\n\"'*.,:;!-").lower()[:3]
    if word == "yes":
        return PLAIN_LOGIT
    if word[:2] == "no" and not word[2:].isalpha():
        return -PLAIN_LOGIT
    raise ModelError(neither(name))


def _from_logprobs(position: Mapping[str, Any], name: str) -> float:
    """Return the logit from one token and its alternatives.

    A word that is not among them is at most as likely as the least likely one that is,
    and as all the rest together.
    """
    listed = {str(position["token"]): float(position["logprob"])}
    listed.update((str(t["token"]), float(t["logprob"])) for t in position["top_logprobs"])
    chances = {token: math.exp(min(logprob, 0.0)) for token, logprob in listed.items()}
    rest = max(min(*chances.values(), 1.0 - sum(chances.values()), 1.0), 1e-9)
    mass = {
        word: sum(p for token, p in chances.items() if token.strip().lower() == word)
        for word in ("yes", "no")
    }
    if mass["yes"] + mass["no"] < MIN_MASS:
        raise ModelError(neither(name))
    return math.log(mass["yes"] or rest) - math.log(mass["no"] or rest)


def neither(name: str) -> str:
    """Return what to say of a model that answers something else."""
    return (
        f"--judge {name}: the model answers neither yes nor no; "
        "take one that follows instructions and does not think aloud"
    )


def one_line(text: str, limit: int = 120) -> str:
    """Return foreign text as one short printable line."""
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return line if len(line) <= limit else f"{line[: limit - 1]}…"
