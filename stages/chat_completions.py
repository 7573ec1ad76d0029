"""A language model behind the chat completions protocol of OpenAI, which most servers of models speak.

The answer comes from elsewhere: it is limited in size and time, redirects are not followed, and what is in it is for
the caller to check.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx

MAX_ANSWER_BYTES = 1 << 20
MAX_TRIES = 3
RETRY_SEC = 1.0
"""Wait before the second try; twice as long before the third."""

_TRY_AGAIN = frozenset({408, 425, 429, 500, 502, 503, 504})
_NOT_SUPPORTED = frozenset({400, 404, 415, 422})
"""What servers answer that don't know ``response_format``."""


class NoAnswerError(Exception):
    """A model gave no answer that could be read; the message says why, without the key."""


class _TryAgainError(NoAnswerError):
    """It may give one if it is asked once more."""


@dataclass(frozen=True, slots=True)
class ChatModel:
    """A model, and where it is.

    Attributes
    ----------
    url : str
        Where the protocol's paths begin, such as ``http://127.0.0.1:11434/v1``.
    model : str
        What the server calls it.
    key : str
        Sent as a bearer token unless empty.
    timeout_sec : float
        How long one answer may take in all.
    """

    url: str
    model: str
    key: str = field(default="", repr=False)
    timeout_sec: float = 120.0


def complete(
    chat_model: ChatModel,
    system: str,
    user: str,
    schema: Mapping[str, Any],
    check: Callable[[], None] = lambda: None,
) -> str:
    """Ask a model and return the text of its answer.

    Parameters
    ----------
    chat_model : ChatModel
        Whom to ask.
    system, user : str
        The messages.
    schema : mapping
        JSON schema of the answer; servers that don't know ``response_format`` are asked without it.
    check : callable
        Called before each try and each part of the answer; what it raises ends the work.

    Raises
    ------
    NoAnswerError
        If there is none after `MAX_TRIES`.
    """
    messages = [{"role": "system", "content": system}, {"role": "user", "content": user}]
    body: dict[str, Any] = {"model": chat_model.model, "messages": messages, "temperature": 0, "stream": False}
    form = {"type": "json_schema", "json_schema": {"name": "answer", "strict": True, "schema": dict(schema)}}
    for number in range(1, MAX_TRIES + 1):
        check()
        try:
            return _asked(chat_model, {**body, "response_format": form}, body, check)
        except _TryAgainError:
            if number == MAX_TRIES:
                raise
            time.sleep(RETRY_SEC * 2 ** (number - 1))
    raise AssertionError  # the last try returns or raises


def _asked(
    chat_model: ChatModel, formatted: Mapping[str, Any], plain: Mapping[str, Any], check: Callable[[], None]
) -> str:
    status, content = _posted(chat_model, formatted, check)
    if status in _NOT_SUPPORTED:
        status, content = _posted(chat_model, plain, check)
    if status != httpx.codes.OK:
        error = _TryAgainError if status in _TRY_AGAIN else NoAnswerError
        hint = "; set AUTOCLIP_RATER_URL to where it leads" if httpx.codes.is_redirect(status) else ""
        raise error(f"{chat_model.url} answers with status {status}{hint}")
    return _text_of(content)


def _posted(chat_model: ChatModel, body: Mapping[str, Any], check: Callable[[], None]) -> tuple[int, bytes]:
    headers = {"Authorization": f"Bearer {chat_model.key}"} if chat_model.key else {}
    address = f"{chat_model.url.rstrip('/')}/chat/completions"
    deadline = time.monotonic() + chat_model.timeout_sec
    try:
        with (
            httpx.Client(timeout=chat_model.timeout_sec, follow_redirects=False) as client,
            client.stream("POST", address, json=body, headers=headers) as response,
        ):
            content = bytearray()
            for part in response.iter_bytes():
                check()
                content += part
                if len(content) > MAX_ANSWER_BYTES:
                    raise NoAnswerError(f"{chat_model.url} answers more than {MAX_ANSWER_BYTES:,} bytes")
                if time.monotonic() > deadline:
                    raise _TryAgainError(f"{chat_model.url} has not answered within {chat_model.timeout_sec:g} s")
            return response.status_code, bytes(content)
    except httpx.TimeoutException as error:
        raise _TryAgainError(f"{chat_model.url} has not answered within {chat_model.timeout_sec:g} s") from error
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise _TryAgainError(f"{chat_model.url} can't be asked: {error or type(error).__name__}") from error


def _text_of(content: bytes) -> str:
    try:
        text = json.loads(content)["choices"][0]["message"]["content"]
    except (ValueError, KeyError, IndexError, TypeError, RecursionError) as error:
        raise NoAnswerError("the answer is none of the chat completions protocol") from error
    if not isinstance(text, str):
        raise NoAnswerError("the answer holds no text")
    return text
