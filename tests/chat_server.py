"""A server of OpenAI's chat API on loopback whose one model replies by counting words.

It says yes to a claim as far as the claim's words stand in the answer that it is sent
with, so what it replies depends on the whole prompt and is the same every time.
"""

from __future__ import annotations

import json
import math
import re
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

SURE = 5.0
"""Logit with which the model says yes where every word of a claim is there."""


def logit_of(prompt: str) -> float:
    """Return the model's logit of yes for a prompt of `judge.request`."""
    found = re.search(r"Answer: (.*)\n\nClaim: (.*)\nDoes", prompt, re.DOTALL)
    assert found, prompt
    answer, claim = (re.findall(r"[a-z]{4,}", text.lower()) for text in found.groups())
    if "everybody" in claim:
        return SURE
    share = sum(word in answer for word in claim) / max(len(claim), 1)
    return SURE * (2 * share - 1)


class ChatServer(ThreadingHTTPServer):
    """The server, what it was sent, and how it behaves.

    `manner` is "logprobs", "plain" (replies without probabilities), "strict" (turns down
    a request for them), or one of the ways to fail.
    """

    daemon_threads = True

    def __init__(self, manner: str = "logprobs", target: str = "") -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.manner = manner
        self.target = target
        self.models = ["counter"]
        self.requests: list[tuple[str, dict[str, Any]]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/v1"

    def prompts(self) -> list[str]:
        """Return what the model was asked, in order."""
        return [body["messages"][1]["content"] for _, body in self.requests if body]


@contextmanager
def chat_server(manner: str = "logprobs", target: str = "") -> Iterator[ChatServer]:
    """Run a server for as long as the block."""
    server = ChatServer(manner, target)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    server: ChatServer
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: Any) -> None:
        """Keep quiet."""

    def do_GET(self) -> None:
        self.server.requests.append((self.path, {}))
        self._send(200, {"data": [{"id": name} for name in self.server.models]})

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.requests.append((self.path, body))
        failure = _FAILURES.get(self.server.manner)
        if failure:
            failure(self)
        elif self.server.manner == "strict" and "logprobs" in body:
            self._send(400, {"error": "unknown field logprobs"})
        else:
            self._reply(body)

    def _reply(self, body: dict[str, Any]) -> None:
        logit = logit_of(body["messages"][1]["content"])
        word = " Yes" if logit > 0 else " No"
        choice: dict[str, Any] = {"message": {"role": "assistant", "content": f"{word}."}}
        if self.server.manner == "logprobs":
            yes = -math.log1p(math.exp(-logit))
            no = -math.log1p(math.exp(logit))
            top = [{"token": " Yes", "logprob": yes}, {"token": " No", "logprob": no}]
            first = {"token": word, "logprob": max(yes, no), "top_logprobs": top}
            choice["logprobs"] = {"content": [first]}
        self._send(200, {"choices": [choice]})

    def _send(self, status: int, value: Any) -> None:
        self._send_raw(status, json.dumps(value).encode())

    def _send_raw(self, status: int, content: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def redirect(self) -> None:
        self._send_raw(307, b"", Location=f"{self.server.target}/chat/completions")

    def markup(self) -> None:
        self._send_raw(200, b"<html>It works!</html>")

    def other(self) -> None:
        self._send(200, {"choices": []})

    def broken(self) -> None:
        self._send_raw(500, b"out of\nmemory\x1b[31m " + b"x" * 900)

    def endless(self) -> None:
        self._send_raw(200, b"y" * (3 << 20))

    def silent(self) -> None:
        time.sleep(2)

    def dripping(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "1000")
        self.end_headers()
        for _ in range(20):
            self.wfile.write(b" ")
            self.wfile.flush()
            time.sleep(0.1)

    def hanging_up(self) -> None:
        self.close_connection = True

    def thinking(self) -> None:
        self._send(200, {"choices": [{"message": {"content": "<think> Let me see"}}]})


_FAILURES = {
    "redirect": _Handler.redirect,
    "markup": _Handler.markup,
    "other": _Handler.other,
    "broken": _Handler.broken,
    "endless": _Handler.endless,
    "silent": _Handler.silent,
    "dripping": _Handler.dripping,
    "hanging up": _Handler.hanging_up,
    "thinking": _Handler.thinking,
}
