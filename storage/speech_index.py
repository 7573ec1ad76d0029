"""An index of the speech in all analyses: one SQLite file with full-text search, built from the transcripts.

It is a cache: a file that is damaged or of another version is rebuilt.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from autoclip.errors import StorageError
from autoclip.speech.search_terms import folded, match_expression
from autoclip.speech.transcript import Transcript
from storage.atomic import storage_faults
from storage.sqlite_files import open_sqlite

_VERSION = 3
_SCHEMA = """
    DROP TABLE IF EXISTS words;
    DROP TABLE IF EXISTS sentences;
    DROP TABLE IF EXISTS sources;
    CREATE TABLE sources (id INTEGER PRIMARY KEY, key TEXT UNIQUE, stamp TEXT, first_row INTEGER, last_row INTEGER);
    CREATE TABLE sentences (row INTEGER PRIMARY KEY, source INTEGER, start_sec REAL, end_sec REAL, text TEXT);
    CREATE VIRTUAL TABLE words USING fts5(folded, content='', tokenize="porter unicode61 remove_diacritics 2");
"""
_FIND = """
    WITH best AS MATERIALIZED (
        SELECT words.rowid AS row, words.rank AS score FROM words CROSS JOIN sentences ON sentences.row = words.rowid
        WHERE words MATCH :asked
        AND source IN (SELECT id FROM sources WHERE key IN (SELECT value FROM json_each(:keys)))
        ORDER BY words.rank LIMIT :limit
    )
    SELECT key, start_sec, end_sec, text FROM best
    JOIN sentences ON sentences.row = best.row JOIN sources ON sources.id = source
    ORDER BY score, key, start_sec
"""


@dataclass(frozen=True, slots=True)
class FoundSentence:
    """A sentence that contains all words of a search.

    Attributes
    ----------
    key : str
        Key of its source.
    start_sec, end_sec : float
        Times of the sentence, in seconds of the video.
    text : str
        The sentence.
    """

    key: str
    start_sec: float
    end_sec: float
    text: str


@dataclass(frozen=True, slots=True)
class SpeechIndex:
    """The index in the file `path`, which is created on the first write."""

    path: Path

    def stamps(self) -> Mapping[str, str]:
        """Return the stamp of every indexed source.

        Raises
        ------
        StorageError
            If the file can't be used. All methods raise it.
        """
        with self._opened() as connection:
            return dict(connection.execute("SELECT key, stamp FROM sources"))

    def put(self, key: str, stamp: str, transcript: Transcript) -> None:
        """Index a transcript, replacing its source's earlier one; `stamp` shows later whether it has changed."""
        rows = [(s.start_sec, s.end_sec, s.text) for s in transcript.sentences]
        with self._opened() as connection, connection:
            connection.execute("BEGIN IMMEDIATE")
            _forget(connection, key)
            (first,) = connection.execute("SELECT coalesce(max(row), 0) + 1 FROM sentences").fetchone()
            numbered = list(enumerate(rows, first))
            (source,) = connection.execute("SELECT coalesce(max(id), 0) + 1 FROM sources").fetchone()
            connection.executemany(
                "INSERT INTO sentences VALUES (?, ?, ?, ?, ?)", [(n, source, *row) for n, row in numbered]
            )
            connection.executemany(
                "INSERT INTO words (rowid, folded) VALUES (?, ?)", [(n, folded(row[2])) for n, row in numbered]
            )
            last = first + len(rows) - 1
            connection.execute("INSERT INTO sources VALUES (?, ?, ?, ?, ?)", (source, key, stamp, first, last))

    def find(self, words: str, keys: Sequence[str], limit: int) -> tuple[FoundSentence, ...]:
        """Return the sentences of sources that contain all words, best first.

        Raises
        ------
        ParameterError
            If there is no word to search for.
        """
        asked = {"asked": match_expression(words), "keys": _as_json(keys), "limit": limit}
        with self._opened() as connection:
            return tuple(FoundSentence(*row) for row in connection.execute(_FIND, asked))

    @contextmanager
    def _opened(self) -> Iterator[sqlite3.Connection]:
        try:
            with storage_faults(self.path), closing(open_sqlite(self.path, _SCHEMA, _VERSION)) as connection:
                yield connection
        except sqlite3.Error as error:
            raise StorageError(f"{self.path}: {error}; it is a cache and can be removed") from error


def _forget(connection: sqlite3.Connection, key: str) -> None:
    known = connection.execute("SELECT first_row, last_row FROM sources WHERE key = ?", (key,)).fetchone()
    if known is None:
        return
    # An index without content needs the old text to remove it.
    old = connection.execute("SELECT row, text FROM sentences WHERE row BETWEEN ? AND ?", known).fetchall()
    connection.executemany(
        "INSERT INTO words (words, rowid, folded) VALUES ('delete', ?, ?)", [(row, folded(text)) for row, text in old]
    )
    connection.execute("DELETE FROM sentences WHERE row BETWEEN ? AND ?", known)
    connection.execute("DELETE FROM sources WHERE key = ?", (key,))


def _as_json(keys: Sequence[str]) -> str:
    return json.dumps(list(keys))
