"""Several who read the same file at once each read it through their own descriptor."""

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

from autoclip.confinement import location_of, open_beneath


def test_nobody_is_given_a_descriptor_that_another_closes(tmp_path):
    path = tmp_path / "film.mp4"
    path.write_bytes(b"film")
    start = threading.Barrier(8)

    def read(_: int) -> set[bytes]:
        start.wait()
        found = set()
        for _ in range(200):
            with closing(open_beneath(tmp_path, path)) as opened, opened.pinned() as pinned:
                found.add(location_of(pinned).read_bytes())
        return found

    with ThreadPoolExecutor(8) as pool:
        assert set().union(*pool.map(read, range(8))) == {b"film"}


def test_a_thread_without_a_pin_reads_through_the_first(tmp_path):
    path = tmp_path / "film.mp4"
    path.write_bytes(b"film")
    with closing(open_beneath(tmp_path, path)) as opened, opened.pinned():
        path.unlink()
        path.write_bytes(b"swapped")
        with ThreadPoolExecutor(1) as pool:
            assert pool.submit(lambda: location_of(path).read_bytes()).result() == b"film"
