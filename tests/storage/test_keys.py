import os
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autoclip.errors import StorageError
from autoclip.settings import ExtractionSettings, Settings
from storage.keys import TIMESTAMP_RESOLUTION_NS, FileIdentity, extraction_key, fingerprint, selection_key

EXTRACTION_FIELDS = {p.name: p for p in Settings.parameters() if p.group == "extraction"}
OTHER_FIELDS = {p.name: p for p in Settings.parameters() if p.group != "extraction"}


class Memory:
    def __init__(self):
        self.kept = {}

    def recall(self, identity):
        return self.kept.get(identity)

    def remember(self, identity, value):
        self.kept[identity] = value


OTHER_VALUES = {"total": 90.0, "length": "8-40", "analysis_audio": "language:de", "signal_weights": "laughter=0.5"}


def changed(parameter):
    if parameter.name in OTHER_VALUES:
        return OTHER_VALUES[parameter.name]
    if parameter.choices:
        return next(choice for choice in parameter.choices if choice != parameter.default)
    if isinstance(parameter.default, str):
        return "de"
    if isinstance(parameter.default, bool):
        return not parameter.default
    if isinstance(parameter.default, int):
        return parameter.default + 1
    return parameter.default * 0.83 + 0.011


def age(path, seconds=10):
    then = time.time() - seconds
    os.utime(path, (then, then))


def test_the_name_does_not_matter_and_every_byte_does(tmp_path):
    content = bytearray(os.urandom(3_000_000))
    first, second = tmp_path / "a", tmp_path / "b"
    first.write_bytes(content)
    second.write_bytes(content)
    assert fingerprint(first) == fingerprint(second)
    for position in (0, 1_500_000, 2_999_999):
        content[position] ^= 1
        second.write_bytes(content)
        assert fingerprint(second) != fingerprint(first)
        content[position] ^= 1


def test_a_missing_file_and_a_folder_are_named(tmp_path):
    with pytest.raises(StorageError, match="nowhere"):
        fingerprint(tmp_path / "nowhere")
    with pytest.raises(StorageError, match=tmp_path.name):
        fingerprint(tmp_path)


def test_a_remembered_fingerprint_is_used_while_the_file_is_the_same(tmp_path, monkeypatch):
    path, memory = tmp_path / "a", Memory()
    path.write_bytes(b"one")
    identity = FileIdentity.of(path)
    memory.remember(identity, "remembered")
    assert fingerprint(path, memory) == "remembered"


def test_a_change_in_place_that_keeps_size_and_time_is_seen(tmp_path):
    path, memory = tmp_path / "a", Memory()
    path.write_bytes(b"one")
    age(path)
    first, facts = fingerprint(path, memory), path.stat()
    with path.open("r+b") as file:
        file.write(b"two")
    os.utime(path, ns=(facts.st_atime_ns, facts.st_mtime_ns))
    assert path.stat().st_mtime_ns == facts.st_mtime_ns
    assert fingerprint(path, memory) != first


def test_a_file_changed_within_the_resolution_of_its_times_is_not_remembered(tmp_path):
    path, memory = tmp_path / "a", Memory()
    path.write_bytes(b"one")
    fingerprint(path, memory)
    assert memory.kept == {}
    identity = FileIdentity.of(path)
    last = max(identity.mtime_ns, identity.ctime_ns)
    assert not identity.settled(last + TIMESTAMP_RESOLUTION_NS)
    assert identity.settled(last + TIMESTAMP_RESOLUTION_NS + 1)


def test_a_file_that_grows_while_it_is_read_is_refused(tmp_path):
    path = tmp_path / "a"
    path.write_bytes(b"one")

    class Grower(Memory):
        def recall(self, identity):
            with path.open("ab") as file:
                file.write(b"more")

    with pytest.raises(StorageError, match="changed while it was read"):
        fingerprint(path, Grower())


@pytest.mark.parametrize("name", EXTRACTION_FIELDS)
def test_every_extraction_setting_changes_both_keys(name):
    base = Settings()
    other = base.updated({name: changed(EXTRACTION_FIELDS[name])})
    before, after = (extraction_key("f", settings.extraction, 1) for settings in (base, other))
    assert before != after
    assert selection_key(before, base, 1) != selection_key(after, other, 1)


@pytest.mark.parametrize("name", OTHER_FIELDS)
def test_every_other_setting_changes_the_selection_key_only(name):
    base = Settings()
    other = base.updated({name: changed(OTHER_FIELDS[name])})
    assert extraction_key("f", base.extraction, 1) == extraction_key("f", other.extraction, 1)
    assert selection_key("e", base, 1) != selection_key("e", other, 1)


@given(st.text("0123456789abcdef", min_size=32, max_size=32), st.integers(1, 99))
def test_content_and_version_change_the_keys_and_nothing_else_does(content, version):
    settings = ExtractionSettings()
    key = extraction_key(content, settings, version)
    assert key == extraction_key(content, ExtractionSettings(step_sec=0.5), version)
    assert key != extraction_key(content + "0", settings, version)
    assert key != extraction_key(content, settings, version + 1)
    assert selection_key(key, Settings(), version) not in {key, selection_key(key, Settings(), version + 1)}
