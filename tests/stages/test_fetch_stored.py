"""A video that somebody put into the store is fetched by its address; nothing outside of the store is."""

import pytest

from autoclip.errors import DownloadError, NotFoundError, ParameterError
from stages.fetch_stored import fetch_stored, key_in_store
from storage.artifact_store import FsspecStore


@pytest.fixture
def store(tmp_path) -> FsspecStore:
    (tmp_path / "store" / "incoming").mkdir(parents=True)
    return FsspecStore(f"file://{tmp_path / 'store'}")


def test_a_video_is_fetched_by_its_address_under_a_safe_name(store, tmp_path):
    (tmp_path / "store" / "incoming" / "Derby: 2:1 ?.mp4").write_bytes(b"film")
    key = key_in_store(f"{store.name}/incoming/Derby: 2:1 ?.mp4", store)
    path = fetch_stored(store, key, tmp_path / "source")
    assert (path.name, path.read_bytes()) == ("Derby- 2-1 -.mp4", b"film")
    assert [p.name for p in path.parent.iterdir()] == [path.name]


@pytest.mark.parametrize("address", ["s3://other/film.mp4", "file:///etc/passwd", "{store}-other/film.mp4"])
def test_what_lies_outside_of_the_store_is_refused(store, address):
    with pytest.raises(DownloadError, match="is not in the store: only objects below file://"):
        key_in_store(address.format(store=store.name), store)
    with pytest.raises(DownloadError, match="AUTOCLIP_STORE_URL is not set"):
        key_in_store(address.format(store=store.name), None)


@pytest.mark.parametrize("address", ["https://example.org/film.mp4", "ytsearch:goal"])
def test_the_address_of_a_site_is_left_to_its_downloader(store, address):
    assert key_in_store(address, store) is None


@pytest.mark.parametrize("key", ["../secret", "incoming/../../secret", "incoming/link.mp4", "incoming/none.mp4"])
def test_a_key_leads_to_nothing_else(store, tmp_path, key):
    (tmp_path / "secret").write_bytes(b"secret")
    (tmp_path / "store" / "incoming" / "link.mp4").symlink_to(tmp_path / "secret")
    with pytest.raises((NotFoundError, ParameterError), match=r"none.mp4: is not in the store|leads out"):
        fetch_stored(store, key, tmp_path / "source")
    assert list((tmp_path / "source").glob("*")) == []
