"""A language model behind a real local server rates a talk; whatever it answers wrongly changes nothing."""

import contextlib
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from spoken import features_of, talk

from autoclip.media.probe import probe
from autoclip.settings import ExtractionSettings, Settings
from autoclip.speech.ratings import ANSWER_SCHEMA, clean_title, numbered, read_answer
from autoclip.timeline import Interval
from stages import chat_completions
from stages.chat_completions import ChatModel
from stages.rate_speech import chat_model_of, rate_speech
from stages.results import ExtractedFeatures, RegisteredVideo
from stages.select_clips import load_selection, selection_input
from storage.analysis_folder import AnalysisFolder
from storage.environment import read_environment
from storage.features import Origin
from storage.ratings import read_ratings
from storage.transcripts import StoredTranscript
from synthetic_media import RenderOptions, Shot, Storyboard, Texture, render

TALK = Settings.from_flat({"preset": "talk"})
SAID = talk(repeat=2)
FEATURES = features_of(SAID)
GOOD = {"spans": [{"first": 18, "last": 24, "score": 1.0, "title": "Why the deadline moved"}]}


class Server(ThreadingHTTPServer):
    """Speaks the chat completions protocol; `answers` are given one after the other, the last one from then on."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.answers, self.asked, self.paths, self.keys = [], [], [], []

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}/v1"


class Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        server = self.server
        server.paths.append(self.path)
        server.keys.append(self.headers.get("Authorization"))
        server.asked.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        answer = server.answers.pop(0) if len(server.answers) > 1 else server.answers[0]
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            answer(self)

    def log_message(self, *_arguments):
        """Keep the tests' output clean."""


def sends(status, body=b"", **headers):
    def answer(handler):
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    return answer


def says(content):
    text = content if isinstance(content, str) else json.dumps(content)
    return sends(200, json.dumps({"choices": [{"message": {"role": "assistant", "content": text}}]}).encode())


def drips(handler):
    """Send a byte now and then, for ever."""
    handler.send_response(200)
    handler.end_headers()
    for _ in range(200):
        handler.wfile.write(b" ")
        handler.wfile.flush()
        time.sleep(0.02)


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setattr(chat_completions, "RETRY_SEC", 0.01)
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    made = Server()
    thread = threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield made
    made.shutdown()
    made.server_close()
    thread.join()


@pytest.fixture(scope="module")
def video(tmp_path_factory):
    path = tmp_path_factory.mktemp("film") / "film.mp4"
    options = RenderOptions(width=64, height=48, audio=False)
    render(Storyboard((Shot(1.0, Texture(seed=3)),)), path, options)
    return probe(path)


@pytest.fixture
def features(tmp_path, video):
    folder = AnalysisFolder(tmp_path / "out")
    origin = Origin("content", ExtractionSettings(), 1)
    folder.write_features(FEATURES, origin)
    span = (Interval(0.0, FEATURES.duration_sec),)
    folder.write_transcript(StoredTranscript(SAID, "words", span, "content"))
    return ExtractedFeatures(RegisteredVideo("project", folder.root, video, "content"), origin.key)


def model(server, **fields):
    return ChatModel(server.url, "talker", **{"key": "secret", "timeout_sec": 5.0, **fields})


def clips_of(features):
    from stages.select_clips import filter_windows, find_anchors, score_boundaries, select_windows

    candidates = select_windows(find_anchors(features, TALK), score_boundaries(features, TALK), TALK)
    return filter_windows(candidates, TALK).clips_file.clips


@pytest.mark.parametrize("score", [0.1, 1.0])
def test_what_the_model_rates_becomes_the_best_clip_and_bears_its_title(server, features, score):
    server.answers = [says({"spans": [{**GOOD["spans"][0], "score": score}]})]
    before = clips_of(features)
    rated = rate_speech(features, TALK, model(server))
    assert rated.warnings == ()
    clips = clips_of(features)
    sentences = selection_input(features, TALK).speech.edges.sentences
    best = max(clips, key=lambda clip: clip.quality_score)
    assert best.name == "Why the deadline moved"
    assert best.name not in {clip.name for clip in before}
    assert best.start <= sentences[17].start_sec
    assert sentences[23].end_sec <= best.end <= sentences[24].start_sec
    assert [clip.name for clip in load_selection(features.source.folder).clips] == [clip.name for clip in clips]


def test_the_model_sees_numbered_sentences_and_the_schema_and_is_asked_once(server, features):
    server.answers = [says(GOOD)]
    for _ in range(2):
        rate_speech(features, TALK, model(server))
    (asked,) = server.asked
    assert server.paths == ["/v1/chat/completions"]
    assert server.keys == ["Bearer secret"]
    assert asked["model"] == "talker"
    assert asked["response_format"]["json_schema"]["schema"] == ANSWER_SCHEMA
    lines = asked["messages"][1]["content"].splitlines()
    assert len(lines) == len(SAID.sentences)
    assert lines[3].startswith("4 [")
    assert lines[3].endswith("Why did we move the deadline of the bridge project?")


def test_a_server_that_knows_no_schema_is_asked_without(server, features):
    server.answers = [sends(400, b"unknown field response_format"), says(f"```json\n{json.dumps(GOOD)}\n```")]
    assert rate_speech(features, TALK, model(server)).warnings == ()
    assert ["response_format" in asked for asked in server.asked] == [True, False]


@pytest.mark.parametrize("first", [sends(500), sends(429), sends(200, b"")])
def test_a_server_that_stumbles_is_asked_again_or_refused(server, features, first):
    server.answers = [first, says(GOOD)]
    warnings = rate_speech(features, TALK, model(server)).warnings
    assert (warnings == ()) == (len(server.asked) == 2)


SPAN = GOOD["spans"][0]
WRONG = {
    "garbage": says("The best part is where the mayor laughs."),
    "html": sends(200, b"<html><body>login</body></html>"),
    "no choices": sends(200, b'{"choices": []}'),
    "content is a list": sends(200, b'{"choices": [{"message": {"content": [1]}}]}'),
    "a list": says([SPAN]),
    "deep": says("[" * 100_000),
    "out of range": says({"spans": [{**SPAN, "last": 31}]}),
    "zero": says({"spans": [{**SPAN, "first": 0}]}),
    "backwards": says({"spans": [{**SPAN, "first": 24, "last": 18}]}),
    "overlapping": says({"spans": [SPAN, {**SPAN, "first": 24, "last": 27}]}),
    "another field": says({"spans": [{**SPAN, "command": "rm"}]}),
    "a text for a number": says({"spans": [{**SPAN, "first": "18"}]}),
    "score above one": says({"spans": [{**SPAN, "score": 80}]}),
    "not a number": says('{"spans": [{"first": 18, "last": 24, "score": NaN, "title": "x"}]}'),
    "too many": says({"spans": [{**SPAN, "first": n, "last": n} for n in range(1, 31)] * 4}),
    "huge": sends(200, b" " * 2_000_000),
    "500": sends(500),
    "not allowed": sends(401),
    "drips": drips,
}


@pytest.mark.parametrize("answer", WRONG.values(), ids=WRONG)
def test_a_wrong_answer_is_refused_with_a_reason_and_the_built_in_scoring_stands(server, features, answer):
    server.answers = [answer]
    before = clips_of(features)
    (warning,) = rate_speech(features, TALK, model(server, timeout_sec=0.5)).warnings
    assert warning.startswith("clips are chosen by the built-in scoring: the rater talker gave no usable answer: ")
    assert "secret" not in warning
    assert read_ratings(features.source.folder.features) is None
    assert clips_of(features) == before


def test_redirects_are_not_followed(server, features):
    server.answers = [sends(307, Location=f"{server.url}/elsewhere")]
    (warning,) = rate_speech(features, TALK, model(server)).warnings
    assert "status 307" in warning
    assert set(server.paths) == {"/v1/chat/completions"}


def test_nobody_answers(features):
    (warning,) = rate_speech(features, TALK, ChatModel("http://127.0.0.1:9/v1", "talker")).warnings
    assert "http://127.0.0.1:9/v1 can't be reached" in warning


def test_nobody_is_asked_without_a_model_or_where_words_do_not_decide(server, features):
    assert rate_speech(features, TALK, None) == features
    assert rate_speech(features, Settings(), model(server)) == features
    assert server.asked == []


def test_a_stop_ends_the_asking(server, features):
    server.answers = [drips]

    def stop(_progress):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        rate_speech(features, TALK, model(server), stop)


@pytest.mark.parametrize(
    ("title", "clean"),
    [
        ("Why it moved", "Why it moved"),
        ("<b>Bold</b><script>x</script>", "Bold x"),
        ("two\nlines\tand\x07 bells", "two lines and bells"),
        ("\u202egnp.exe", "gnp.exe"),
        ("see https://evil.example now", ""),
        ("write to me@evil.example", ""),
        ("<img src=x onerror=y", ""),
        ("...", ""),
        ("w" * 500, "w" * 59 + "…"),
    ],
)
def test_titles_are_one_line_of_plain_text(title, clean):
    assert clean_title(title) == clean


def test_numbers_are_those_of_the_part_that_was_shown():
    part = SAID.sentences[10:20]
    assert numbered(part, 11).startswith("11 [")
    (span,) = read_answer(json.dumps({"spans": [{**SPAN, "first": 11, "last": 12}]}), part, 11)
    assert (span.start_sec, span.end_sec) == (part[0].start_sec, part[1].end_sec)
    with pytest.raises(ValueError, match="not within the sentences 11 to 20"):
        read_answer(json.dumps({"spans": [{**SPAN, "first": 1, "last": 2}]}), part, 11)


@pytest.mark.parametrize("url", ["ftp://x/v1", "http://user:pass@host/v1", "file:///etc/passwd", "http:///v1", "x"])
def test_an_address_that_is_none_is_refused(tmp_path, url):
    from autoclip.errors import ParameterError

    with pytest.raises(ParameterError, match="AUTOCLIP_RATER_URL"):
        read_environment({"AUTOCLIP_RATER_URL": url}, tmp_path / "no.env")


def test_an_env_file_that_nobody_named_can_neither_name_the_model_nor_its_key(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".env").write_text("AUTOCLIP_RATER_URL=http://evil.example/v1\nAUTOCLIP_RATER_KEY=k\n")
    assert chat_model_of(read_environment({})) is None
    named = {"AUTOCLIP_RATER_URL": "http://127.0.0.1:1/v1", "AUTOCLIP_RATER_KEY": "k", "AUTOCLIP_RATER_MODEL": "m"}
    assert chat_model_of(read_environment(named)) == ChatModel("http://127.0.0.1:1/v1", "m", "k")
    assert "'k'" not in repr(chat_model_of(read_environment(named)))
