"""A store shows an object whole or not at all, in a folder and behind S3; what fails says what and what to do."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from object_store import FaultyProxy, new_bucket, running_s3

from autoclip.errors import NotFoundError, ParameterError, StorageError
from storage.artifact_store import FsspecStore, store_of
from storage.artifact_store import faults as store_faults
from storage.environment import read_environment

PART_BYTES = 5 << 20
"""The smallest part that S3 takes."""


@pytest.fixture(scope="module")
def s3() -> Iterator[dict[str, str]]:
    with running_s3() as variables:
        yield variables


@pytest.fixture
def leads_to_s3(s3, monkeypatch):
    for name, value in s3.items():
        monkeypatch.setenv(name, value)
    return s3


@pytest.fixture(params=["file", "s3"])
def store(request, tmp_path) -> FsspecStore:
    if request.param == "file":
        return FsspecStore(f"file://{tmp_path / 'store'}")
    return FsspecStore(f"{new_bucket(request.getfixturevalue('leads_to_s3'))}/prefix")


@pytest.fixture(scope="module")
def store_behind_proxy(s3) -> Iterator[tuple[FsspecStore, FaultyProxy]]:
    with FaultyProxy(s3["AWS_ENDPOINT_URL"]).running() as proxy, pytest.MonkeyPatch.context() as patch:
        for name, value in {**s3, "AWS_ENDPOINT_URL": proxy.url, "AWS_MAX_ATTEMPTS": "1"}.items():
            patch.setenv(name, value)
        store = FsspecStore(new_bucket(s3))
        assert store.objects("a") == ()  # connects while the variables are set
        yield store, proxy


@pytest.fixture
def proxied(store_behind_proxy, monkeypatch) -> Iterator[tuple[FsspecStore, FaultyProxy]]:
    """A store behind a proxy that has no faults yet."""
    store, proxy = store_behind_proxy
    monkeypatch.setattr(store_faults, "WAIT", lambda _state: 0)
    yield store, proxy
    proxy.fault = lambda _method, _path: None
    for each in store.objects("a"):
        store.delete(each.key)


def written(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def test_it_is_told_whether_a_store_answers(store, proxied, s3):
    store.require()
    behind, proxy = proxied
    behind.require()
    for fault, said in (("status 403", "refuses"), ("status 503", "does not answer")):
        proxy.fault = lambda _method, _path, fault=fault: fault
        with pytest.raises(StorageError, match=f"{re.escape(behind.name)}: the store {said}") as refused:
            behind.require()
        assert s3.get("AWS_SECRET_ACCESS_KEY", "secret") not in str(refused.value)


def test_what_is_put_is_listed_read_and_deleted(store, tmp_path):
    sent = written(tmp_path / "sent", b"0123456789")
    assert store.objects("projects/p0") == ()
    store.put(sent, "projects/p0/features/signals.parquet/aa")
    store.put(sent, "projects/p0/ein längerer Name #1.mp4/bb")
    store.put(sent, "projects/p00/other/cc")
    found = store.objects("projects/p0")
    assert [(each.key, each.size) for each in found] == [
        ("projects/p0/ein längerer Name #1.mp4/bb", 10),
        ("projects/p0/features/signals.parquet/aa", 10),
    ]
    assert all(each.written_at.utcoffset().total_seconds() == 0 for each in found)
    for each in found:
        store.get(each.key, tmp_path / "got")
        assert (tmp_path / "got").read_bytes() == b"0123456789"
    assert b"".join(store.chunks(found[0].key, 3, 7)) == b"3456"
    for each in found:
        store.delete(each.key)
        store.delete(each.key)
    assert store.objects("projects/p0") == ()


def test_what_is_not_there_is_not_found(store, tmp_path):
    with pytest.raises(NotFoundError, match="projects/p0/none: is not in the store"):
        store.get("projects/p0/none", tmp_path / "got")
    with pytest.raises(NotFoundError, match="projects/p0/none: is not in the store"):
        list(store.chunks("projects/p0/none", 0, 5))


def test_half_an_object_of_a_killed_writer_is_none(tmp_path):
    store = FsspecStore(f"file://{tmp_path / 'store'}")
    folder = tmp_path / "store" / "projects" / "p0" / "film.mp4"
    folder.mkdir(parents=True)
    written(folder / ".0123456789abcdef.partial", b"half")
    assert store.objects("projects/p0") == ()


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("http://127.0.0.1/x", "AUTOCLIP_STORE_URL is not allowed"),
        ("s3://key:secret@bucket/x", "AUTOCLIP_STORE_URL is not allowed"),
        ("s3://bucket/x?key=secret", "AUTOCLIP_STORE_URL is not allowed"),
    ],
)
def test_a_url_that_is_no_store_or_holds_a_key_is_refused(url, message):
    with pytest.raises(ParameterError, match=message) as refusal:
        store_of(read_environment({"AUTOCLIP_STORE_URL": url}))
    assert "secret" not in str(refusal.value)


def test_a_back_end_that_is_not_installed_names_its_extra(monkeypatch):
    monkeypatch.setattr("storage.artifact_store.fsspec_store.find_spec", lambda _: None)
    with pytest.raises(ParameterError, match=re.escape("pip install 'autoclip[gcs]'")):
        FsspecStore("gs://bucket/x")


def failing(times: int, fault: str, method: str = "GET"):
    """Return a fault that the first requests of a method meet."""
    left = [times]

    def decide(asked: str, _path: str) -> str | None:
        if asked != method or left[0] == 0:
            return None
        left[0] -= 1
        return fault

    return decide


@pytest.mark.parametrize("fault", ["status 500", "status 503", "cut", "delay 0.5"])
def test_what_passes_is_tried_again(proxied, tmp_path, fault):
    store, proxy = proxied
    store.put(written(tmp_path / "sent", bytes(200_000)), "a/b")
    proxy.fault = failing(2, fault)
    store.get("a/b", tmp_path / "got")
    assert (tmp_path / "got").read_bytes() == bytes(200_000)
    if not fault.startswith(("delay", "cut")):
        proxy.fault = failing(1, fault, "PUT")
        store.put(tmp_path / "sent", "a/c")
        assert [each.key for each in store.objects("a")] == ["a/b", "a/c"]


@pytest.mark.parametrize("method", ["GET", "PUT"])
def test_what_is_forbidden_is_said_at_once(proxied, tmp_path, method):
    store, proxy = proxied
    store.put(written(tmp_path / "sent", b"film"), "a/b")
    proxy.fault, before = failing(-1, "status 403", method), len(proxy.requests)
    with pytest.raises(StorageError, match=r"/a/b: the store refuses .*check the keys, and") as refusal:
        store.get("a/b", tmp_path / "got") if method == "GET" else store.put(tmp_path / "sent", "a/b")
    assert len(proxy.requests) - before == 1
    assert "secret" not in str(refusal.value)


CALLS = {
    "GET": lambda store, path: store.get("a/b", path),
    "PUT": lambda store, path: store.put(path, "a/b"),
    "list": lambda store, path: store.objects("a"),
}


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize(
    ("code", "way_out"),
    [
        ("ExpiredToken", r"the store refuses \(The provided token has expired.\); check the keys"),
        ("InvalidToken", r"the store refuses .*The provided token is malformed.*check the keys"),
        ("RequestTimeTooSkewed", r"the store refuses .*set the clock of this machine"),
        ("NoSuchBucket", r"is not in the store \(.*bucket does not exist\); check AUTOCLIP_STORE_URL"),
    ],
)
def test_what_s3_refuses_is_said_at_once_with_the_way_out(proxied, tmp_path, call, code, way_out):
    store, proxy = proxied
    written(tmp_path / "file", b"film")
    proxy.fault, before = lambda _method, _path: f"error {code}", len(proxy.requests)
    with pytest.raises(StorageError, match=f"{re.escape(store.name)}/a.*: {way_out}"):
        CALLS[call](store, tmp_path / "file")
    assert len(proxy.requests) - before == 1


def test_a_listing_that_is_cut_short_is_never_taken_for_whole(proxied, tmp_path):
    store, proxy = proxied
    for name in ("b", "c"):
        store.put(written(tmp_path / name, b"film"), f"a/{name}")
    proxy.fault = failing(2, "short")
    assert [each.key for each in store.objects("a")] == ["a/b", "a/c"]
    proxy.fault = failing(-1, "short")
    with pytest.raises(StorageError, match=r"/a: the store failed 4 times .*autoclip retry"):
        store.objects("a")


def test_a_part_of_an_object_that_is_too_short_is_refused(proxied, tmp_path):
    store, proxy = proxied
    store.put(written(tmp_path / "sent", bytes(100)), "a/b")
    proxy.fault = failing(-1, "short")
    with pytest.raises(StorageError, match="/a/b: ends after 50 bytes; it is damaged in the store"):
        list(store.chunks("a/b", 0, 100))


def test_a_store_that_asks_for_patience_gets_it(proxied, tmp_path):
    store, proxy = proxied
    proxy.fault = failing(2, "error SlowDown", "PUT")
    store.put(written(tmp_path / "sent", b"film"), "a/b")
    assert [each.key for each in store.objects("a")] == ["a/b"]


def test_what_stays_broken_names_the_object_and_the_way_out(proxied, tmp_path):
    store, proxy = proxied
    proxy.fault = failing(-1, "status 500", "PUT")
    with pytest.raises(StorageError, match=r"/a/b: the store failed 4 times .*autoclip retry"):
        store.put(written(tmp_path / "sent", b"film"), "a/b")
    proxy.fault = failing(0, "")
    assert store.objects("a") == ()


def test_a_write_that_was_lost_is_found_out(proxied, tmp_path):
    store, proxy = proxied
    proxy.fault = failing(1, "lose", "PUT")
    with pytest.raises(StorageError, match="/a/b: is not in the store"):
        store.put(written(tmp_path / "sent", b"film"), "a/b")


def test_a_part_that_was_lost_leaves_no_object(proxied, tmp_path, monkeypatch):
    store, proxy = proxied
    monkeypatch.setattr("s3fs.core.calculate_chunksize", lambda *_, **__: PART_BYTES)
    written(tmp_path / "sent", bytes(2 * PART_BYTES + 1))
    store.put(tmp_path / "sent", "a/a")
    assert any("partNumber=3" in request for request in proxy.requests)
    assert [each.key for each in store.objects("a")] == ["a/a"]
    proxy.fault = lambda method, path: "lose" if method == "PUT" and "partNumber=2" in path else None
    with pytest.raises(StorageError, match="/a/b: "):
        store.put(tmp_path / "sent", "a/b")
    assert [each.key for each in store.objects("a")] == ["a/a"]


def test_a_store_that_is_not_there_names_the_way_out(monkeypatch, tmp_path):
    pytest.importorskip("s3fs", reason="needs the extra 's3'")
    monkeypatch.setattr(store_faults, "WAIT", lambda _state: 0)
    monkeypatch.setattr(store_faults, "ATTEMPTS", 1)
    for name, value in {"AWS_ENDPOINT_URL": "http://127.0.0.1:9", "AWS_MAX_ATTEMPTS": "1"}.items():
        monkeypatch.setenv(name, value)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "x")
    with pytest.raises(StorageError, match="s3://bucket/x/projects/p0: the store failed"):
        FsspecStore("s3://bucket/x").objects("projects/p0")
