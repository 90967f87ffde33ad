"""The deep judge: its arithmetic, its servers on loopback, and what it never does."""

from __future__ import annotations

import importlib.util
import json
import math
import os
from typing import TYPE_CHECKING, Any

import pytest

from tests.chat_server import chat_server
from tests.test_cli import voiceprep
from voiceprep.banks import load_bank
from voiceprep.engines import BackgroundCoverer
from voiceprep.entailment import load_entailment
from voiceprep.errors import ModelError
from voiceprep.judge import COVERED, Calibration, Judge, calibrate
from voiceprep.language_model import find_model, load_model
from voiceprep.model_server import (
    PLAIN_LOGIT,
    Server,
    is_loopback,
    parse_address,
    reply_logit,
)
from voiceprep.questions import KeyPoint, Question
from voiceprep.transcript import Transcript

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.chat_server import ChatServer
    from voiceprep.entailment import EntailmentModel

QUESTION = Question(
    1,
    "How do you bring a service into production?",
    "medium",
    "I package the service in a container image. Then I watch latency and error rates "
    "on a dashboard. Afterwards I write down what surprised everybody.",
    (
        KeyPoint("package service container image"),
        KeyPoint("watch latency error rates dashboard"),
        KeyPoint("everybody surprised"),
    ),
)
ANSWER = Transcript(
    "Well, at my last place we moved slowly. What we did was package the whole service "
    "into one container image, and after that the team went home early."
)


@pytest.fixture(scope="module")
def reader() -> EntailmentModel:
    return load_entailment()


@pytest.fixture
def server() -> Iterator[ChatServer]:
    with chat_server() as running:
        yield running


def bare(server: ChatServer, timeout_s: float = 5) -> Server:
    return Server(parse_address(f"{server.url}#counter"), timeout_s=timeout_s)


# The arithmetic


@pytest.mark.parametrize(
    ("silence", "sample", "logit", "covered"),
    [
        (-4.0, 4.0, 3.0, True),
        (-4.0, 4.0, -3.0, False),
        (3.0, 9.0, 4.0, False),  # more yes than no, and yet what silence gets
        (-9.0, -3.0, -3.5, True),  # more no than yes, and yet what the sample gets
    ],
)
def test_a_reply_counts_between_silence_and_the_sample(
    silence: float, sample: float, logit: float, covered: bool
) -> None:
    (calibration,) = calibrate([silence], [sample])
    assert calibration.tells_apart
    assert (calibration.score(logit) >= COVERED) is covered


@pytest.mark.parametrize(
    ("silence", "sample", "begins"),
    [
        ([], [], []),
        ([-2.0], [2.0], [0.0]),
        ([-2.0, 1.0], [2.0, 5.0], [1.0, 2.0]),  # middles 0 and 3, mean 1.5
        ([-2.0, 9.0], [2.0, 9.0], [0.0, 3.0]),  # the second tells nothing, also of the mean
        ([5.0], [5.0], [5.0 / 3]),
    ],
)
def test_middles_are_drawn_towards_that_of_the_question(
    silence: list[float], sample: list[float], begins: list[float]
) -> None:
    assert [c.begin for c in calibrate(silence, sample)] == pytest.approx(begins)


def test_the_score_rises_with_the_logit_and_stays_within_0_and_1() -> None:
    scores = [Calibration(6, 0).score(x) for x in (-5000, -3, 0, 3, 5000)]
    assert scores == sorted(scores)
    assert (scores[0], scores[2], scores[-1]) == (0, 0.5, 1)


@pytest.mark.parametrize("sample", [2.5, 2.0, -4.0])
def test_a_model_that_says_yes_to_silence_cannot_tell(sample: float) -> None:
    assert not calibrate([2.0], [sample])[0].tells_apart


def listed(*rows: tuple[str, float]) -> dict[str, Any]:
    top = [{"token": token, "logprob": math.log(p)} for token, p in rows]
    first = {**top[0], "top_logprobs": top}
    text = {"content": rows[0][0]}
    return {"choices": [{"message": text, "logprobs": {"content": [first]}}]}


@pytest.mark.parametrize(
    ("rows", "odds"),
    [
        ((("Yes", 0.75), ("No", 0.25)), 3),
        (((" no", 0.6), (" yes", 0.2), ("YES", 0.1)), 0.5),
        ((("Yes", 0.9), ("Sure", 0.06)), 0.9 / 0.04),  # all the rest might be a no
        ((("Yes", 0.9), ("Sure", 0.01)), 0.9 / 0.01),  # but no more than the last listed
        ((("No", 0.9),), 0.1 / 0.9),
    ],
)
def test_the_logit_of_listed_tokens(rows: tuple[tuple[str, float], ...], odds: float) -> None:
    assert reply_logit(listed(*rows), "x") == pytest.approx(math.log(odds), abs=1e-6)


def test_white_space_before_the_word_is_passed_over() -> None:
    reply = listed(("Yes", 0.75), ("No", 0.25))
    blank = {"token": "\n", "logprob": -0.1, "top_logprobs": []}
    reply["choices"][0]["logprobs"]["content"].insert(0, blank)
    assert reply_logit(reply, "x") == pytest.approx(math.log(3))


@pytest.mark.parametrize(
    ("text", "logit"),
    [
        ("Yes", PLAIN_LOGIT),
        ("\n**yes**, they", PLAIN_LOGIT),
        ("No.", -PLAIN_LOGIT),
        ("no - it", -PLAIN_LOGIT),
    ],
)
def test_a_plain_word_stands_for_a_logit(text: str, logit: float) -> None:
    assert reply_logit({"choices": [{"message": {"content": text}}]}, "x") == logit


@pytest.mark.parametrize("text", ["", "Not sure", "None of it", "<think>", "Maybe yes"])
def test_any_other_word_is_an_error(text: str) -> None:
    with pytest.raises(ModelError, match="neither yes nor no"):
        reply_logit({"choices": [{"message": {"content": text}}]}, "x")
    if text:
        with pytest.raises(ModelError, match="neither yes nor no"):
            reply_logit(listed((text, 0.9), ("Yes", 0.01)), "x")


@pytest.mark.parametrize(
    "reply",
    [
        None,
        [],
        {},
        {"choices": []},
        {"choices": [{}]},
        {"choices": [{"message": "yes"}]},
        {"choices": [{"message": {}, "logprobs": {"content": [{"token": "Yes"}]}}]},
        {"choices": [{"message": {}, "logprobs": {"content": ["Yes"]}}]},
    ],
)
def test_a_reply_of_another_shape_is_an_error(reply: object) -> None:
    with pytest.raises(ModelError, match=r"--judge x: the reply is no chat completion"):
        reply_logit(reply, "x")


# Where the answers may go


@pytest.mark.parametrize(
    ("url", "host", "port", "path", "model"),
    [
        ("http://localhost:11434/v1#qwen2.5:7b", "localhost", 11434, "/v1", "qwen2.5:7b"),
        ("http://127.0.0.1:8080", "127.0.0.1", 8080, "/v1", None),
        ("https://[::1]/api/v1/#a/b", "::1", 443, "/api/v1", "a/b"),
    ],
)
def test_an_address_is_read(
    url: str, host: str, port: int, path: str, model: str | None
) -> None:
    address = parse_address(url)
    assert (address.host, address.port, address.path, address.model) == (
        host,
        port,
        path,
        model,
    )


@pytest.mark.parametrize(
    "url",
    [
        "ftp://localhost/v1",
        "http://",
        "http://localhost:99999",
        "http://me:word@localhost/v1",
        "http://localhost/v1?key=1",
        "http://[::1/v1",
    ],
)
def test_anything_else_is_no_address(url: str) -> None:
    with pytest.raises(ModelError) as caught:
        find_model(url)
    assert str(caught.value).startswith(f"--judge {url}: ")


def test_ollama_is_an_address_on_this_machine() -> None:
    address = find_model("ollama:qwen2.5:7b")
    assert address == parse_address("http://localhost:11434/v1#qwen2.5:7b")


@pytest.mark.parametrize(
    ("address", "own"),
    [
        ("127.0.0.1", True),
        ("127.8.9.1", True),
        ("::1", True),
        ("::ffff:127.0.0.1", True),
        ("::ffff:192.0.2.1", False),
        ("0.0.0.0", False),
        ("::", False),
        ("10.0.0.1", False),
        ("192.0.2.1", False),
        ("2001:db8::1", False),
    ],
)
def test_loopback(address: str, own: bool) -> None:
    assert is_loopback(address) is own


@pytest.mark.parametrize("host", ["192.0.2.7", "[2001:db8::1]", "0.0.0.0", "3221226001"])
def test_another_machine_is_refused_with_the_way_to_allow_it(host: str) -> None:
    named = host.strip("[]")
    with pytest.raises(ModelError) as caught:
        find_model(f"http://{host}:8080/v1#m")
    assert f"{named} is not this machine" in str(caught.value)
    assert f"--judge-host {named}" in str(caught.value)
    assert find_model(f"http://{host}:8080/v1#m", [host.upper()])


def test_allowing_one_host_allows_no_other() -> None:
    with pytest.raises(ModelError, match="is not this machine"):
        find_model("http://192.0.2.7/v1#m", ["192.0.2.8"])


def test_a_host_that_does_not_exist() -> None:
    with pytest.raises(ModelError, match=r"there is no host nowhere\.invalid"):
        find_model("http://nowhere.invalid/v1#m")


def test_no_proxy_is_used(server: ChatServer, monkeypatch: pytest.MonkeyPatch) -> None:
    with chat_server() as proxy:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url)
        bare(server).logit("", "Answer: a\n\nClaim: b\nDoes")
        assert len(server.requests) == 1
        assert not proxy.requests


def test_no_redirect_is_followed() -> None:
    with chat_server() as other, chat_server("redirect", other.url) as server:
        with pytest.raises(ModelError, match="redirects elsewhere, which is not followed"):
            bare(server).logit("", "Answer: a\n\nClaim: b\nDoes")
        assert len(server.requests) == 1
        assert not other.requests


# Servers that fail


@pytest.mark.parametrize(
    ("manner", "complaint"),
    [
        ("markup", "reply is not JSON"),
        ("other", "no chat completion"),
        ("broken", r"the server answers 500: out of memory \[31m x+…"),
        ("endless", "far too long"),
        ("silent", r"no reply within 0\.5 s"),
        ("dripping", r"no reply within 0\.5 s"),
        ("hanging up", "the server cannot be used"),
        ("thinking", "neither yes nor no"),
    ],
)
def test_a_failing_server_is_one_line(manner: str, complaint: str) -> None:
    with chat_server(manner) as server:
        with pytest.raises(ModelError, match=complaint) as caught:
            bare(server, 0.5).logit("", "Answer: a\n\nClaim: b\nDoes")
        message = str(caught.value)
        assert message.startswith(f"--judge {server.url}")
        assert message.isprintable()
        assert len(message) < 300


def test_a_server_that_is_not_there() -> None:
    with chat_server() as gone:
        model = bare(gone)
    with pytest.raises(ModelError, match="cannot be used"):
        model.logit("", "Answer: a\n\nClaim: b\nDoes")


def test_without_a_name_the_only_model_is_asked(server: ChatServer) -> None:
    Server(parse_address(server.url)).logit("", "Answer: a\n\nClaim: b\nDoes")
    assert server.requests[-1][1]["model"] == "counter"


def test_without_a_name_several_models_are_listed(server: ChatServer) -> None:
    server.models = ["small", "large"]
    with pytest.raises(ModelError, match=r"name one of its models after # \(it has: small, l"):
        Server(parse_address(server.url)).logit("", "Answer: a\n\nClaim: b\nDoes")


def test_a_server_that_turns_probabilities_down_is_asked_without() -> None:
    with chat_server("strict") as server:
        model = bare(server)
        logits = [model.logit("", f"Answer: {a}\n\nClaim: boat\nDoes") for a in ("boat", "x")]
        assert logits == [PLAIN_LOGIT, -PLAIN_LOGIT]
        assert ["logprobs" in body for _, body in server.requests] == [True, False, False]


# The judge


@pytest.mark.parametrize("manner", ["logprobs", "plain", "strict"])
def test_the_judge_covers_what_the_model_says_is_there(
    manner: str, reader: EntailmentModel
) -> None:
    with chat_server(manner) as server:
        cover = BackgroundCoverer(f"{server.url}#counter")
        coverage = cover(ANSWER, QUESTION)
        alone = BackgroundCoverer()(ANSWER, QUESTION)
    said, unsaid, hopeless = coverage.points
    assert (said.status, unsaid.status) == ("covered", "missed")
    assert said.evidence is not None
    assert said.evidence.quote in ANSWER.text
    assert "container image" in said.evidence.quote
    assert unsaid.evidence is None
    # The model says yes to the third claim whatever is said: the reader's word stands.
    assert hopeless == alone.points[2]


def test_the_calibration_is_asked_for_once_a_question(
    server: ChatServer, reader: EntailmentModel
) -> None:
    cover = BackgroundCoverer(f"{server.url}#counter")
    first = cover(ANSWER, QUESTION)
    asked = len(server.requests)
    assert cover(ANSWER, QUESTION) == first
    # Silence, the sample and the answer; the third claim is not worth asking again.
    assert (asked, len(server.requests) - asked) == (3 + 3 + 2, 2)
    assert sum("said nothing" in p for p in server.prompts()) == 3
    assert all(body["temperature"] == 0 for _, body in server.requests)


@pytest.mark.parametrize("text", ["", "  ", QUESTION.text, "我们把服务打包成镜像"])
def test_nothing_said_is_not_put_to_the_model(server: ChatServer, text: str) -> None:
    coverage = BackgroundCoverer(f"{server.url}#counter")(Transcript(text), QUESTION)
    assert [p.status for p in coverage.points] == ["missed"] * 3
    assert not server.requests


def test_the_sample_answer_covers_every_point_that_can_be_told(server: ChatServer) -> None:
    transcript = Transcript(QUESTION.sample_answer or "")
    coverage = BackgroundCoverer(f"{server.url}#counter")(transcript, QUESTION)
    assert [p.status for p in coverage.points][:2] == ["covered", "covered"]
    for point in coverage.points[:2]:
        assert point.evidence
        assert point.evidence.quote in transcript.text


def test_without_a_sample_answer_the_points_themselves_calibrate(server: ChatServer) -> None:
    question = Question(1, QUESTION.text, "easy", None, QUESTION.key_points)
    coverage = BackgroundCoverer(f"{server.url}#counter")(ANSWER, question)
    assert coverage.points[0].status == "covered"


def test_the_packaged_model_takes_over_from_a_judge_that_fails() -> None:
    notes: list[str] = []
    with chat_server("broken") as server:
        cover = BackgroundCoverer(f"{server.url}#counter", notice=notes.append)
        coverage = cover(ANSWER, QUESTION)
        assert coverage == BackgroundCoverer()(ANSWER, QUESTION) == cover(ANSWER, QUESTION)
        assert len(server.requests) == 1
    assert len(notes) == 1
    assert notes[0].endswith("The packaged model judges the key points instead.")
    assert "answers 500" in notes[0]


# The command


def score(text: str, *options: str) -> Any:
    where = ("--bank", "machine-learning", "--question", "1")
    return voiceprep("score", "-", *where, *options, stdin=text)


def test_score_with_a_judge(server: ChatServer) -> None:
    question = load_bank("machine-learning").question(1)
    run = score(question.sample_answer or "", "--judge", f"{server.url}#counter", "--json")
    assert (run.code, run.err) == (0, "")
    assert len(json.loads(run.out)["coverage"]["points"]) == len(question.key_points)
    assert {path for path, _ in server.requests} == {"/v1/chat/completions"}
    assert {body["model"] for _, body in server.requests} == {"counter"}


def test_score_with_a_judge_that_fails_says_so_and_reports() -> None:
    with chat_server("markup") as server:
        run = score("We shipped a model behind an API.", "--judge", server.url + "#x", "--json")
    assert run.code == 0
    assert "reply is not JSON. The packaged model judges" in run.err
    assert json.loads(run.out)["coverage"]["points"]


@pytest.mark.parametrize("command", ["score", "practice"])
def test_another_machine_is_refused_before_anything_else(
    command: str, tmp_path: Path, own_home: Path
) -> None:
    (tmp_path / "question-01.txt").write_text("We shipped it.")
    judge = ("--judge", "http://192.0.2.7:8080/v1#m")
    if command == "score":
        run = score("We shipped it.", *judge)
    else:
        run = voiceprep("practice", "--no-speech", *judge)
    assert run.code == 1
    assert run.out == ""
    assert "192.0.2.7 is not this machine" in run.err
    assert "--judge-host 192.0.2.7" in run.err
    assert not list(own_home.rglob("session.json"))


def test_the_settings_may_name_the_judge(server: ChatServer, tmp_path: Path) -> None:
    settings = tmp_path / "judged.toml"
    settings.write_text(f'judge = "{server.url}#counter"\n', encoding="utf-8")
    run = voiceprep(
        *("score", "-", "--bank", "machine-learning", "-q", "1", "--json"),
        stdin="We containerized the model and deployed it behind an internal API.",
        VOICEPREP_SETTINGS=str(settings),
    )
    assert run.code == 0
    assert server.requests


# A model file


def test_a_file_that_is_no_model(tmp_path: Path) -> None:
    path = tmp_path / "notes.gguf"
    path.write_text("not a model")
    with pytest.raises(ModelError, match=r"notes\.gguf: not a GGUF model file"):
        find_model(str(path))
    with pytest.raises(ModelError, match=r"missing\.gguf: cannot be read \(No such file"):
        find_model(str(tmp_path / "missing.gguf"))


def test_a_model_file_without_llama_cpp_names_the_extra(tmp_path: Path) -> None:
    if importlib.util.find_spec("llama_cpp"):
        pytest.skip("llama-cpp-python is installed")
    path = tmp_path / "model.gguf"
    path.write_bytes(b"GGUF\x03\x00\x00\x00")
    with pytest.raises(ModelError, match=r"pip install 'voiceprep\[judge\]'"):
        find_model(str(path))


def test_a_corrupted_model_file(tmp_path: Path) -> None:
    pytest.importorskip("llama_cpp")
    path = tmp_path / "model.gguf"
    path.write_bytes(b"GGUF\x03\x00\x00\x00")
    with pytest.raises(ModelError, match=r"llama\.cpp cannot load it"):
        load_model(find_model(str(path)))


def test_a_real_model_tells_saying_from_not_saying(reader: EntailmentModel) -> None:
    pytest.importorskip("llama_cpp")
    named = os.environ.get("VOICEPREP_TEST_GGUF")
    if not named:
        pytest.skip("VOICEPREP_TEST_GGUF names no model file")
    judge = Judge(load_model(find_model(named)))
    point = KeyPoint("containerized the model and deployed it behind an API")
    question = Question(1, "How did you ship it?", "easy", f"We {point.text}.", (point,))
    said = Transcript("We put the model in a Docker image and served it over a REST endpoint.")
    unsaid = Transcript("I never got around to shipping it, it stayed on my own laptop.")
    base = BackgroundCoverer()
    scores = [
        judge(t, question, base(t, question), reader).points[0].score for t in (said, unsaid)
    ]
    assert scores[0] >= COVERED > scores[1]
