"""A client of OpenAI's chat completions protocol, which most servers of language models support.

The answer is untrusted: its size and time are limited, redirects are not followed, and the caller must validate its
content.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx
from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_exponential

MAX_ANSWER_BYTES = 1 << 20
MAX_TRIES = 3
RETRY_SEC = 1.0
"""Seconds before the second attempt; twice as long before the third."""

_TRY_AGAIN = frozenset({408, 425, 429, 500, 502, 503, 504})
_NOT_SUPPORTED = frozenset({400, 404, 415, 422})
"""Status codes of servers that don't support ``response_format``."""


class NoAnswerError(Exception):
    """A model gave no readable answer. The message says why, without the key."""


class _TryAgainError(NoAnswerError):
    """The request failed, and a retry may succeed."""


@dataclass(frozen=True, slots=True)
class ChatModel:
    """A model and its server.

    Attributes
    ----------
    url : str
        Base address of the protocol's paths, such as ``http://127.0.0.1:11434/v1``.
    model : str
        Name of the model on the server.
    key : str
        Bearer token; empty for none.
    timeout_sec : float
        Time limit of one answer.
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
    """Send messages to a model and return the text of its answer.

    Parameters
    ----------
    chat_model : ChatModel
        The model.
    system, user : str
        The messages.
    schema : mapping
        JSON schema of the answer; left out for servers that don't support ``response_format``.
    check : callable
        Called before each attempt and each part of the answer. An exception it raises stops the work.

    Raises
    ------
    NoAnswerError
        If there is no answer after `MAX_TRIES` attempts.
    """
    messages = [{"role": "system", "content": system}, {"role": "user", "content": user}]
    body: dict[str, Any] = {"model": chat_model.model, "messages": messages, "temperature": 0, "stream": False}
    form = {"type": "json_schema", "json_schema": {"name": "answer", "strict": True, "schema": dict(schema)}}
    retrying = Retrying(
        retry=retry_if_exception_type(_TryAgainError),
        stop=stop_after_attempt(MAX_TRIES),
        wait=wait_exponential(RETRY_SEC),
        before=lambda _: check(),
        reraise=True,
    )
    return retrying(_asked, chat_model, {**body, "response_format": form}, body, check)


def _asked(
    chat_model: ChatModel, formatted: Mapping[str, Any], plain: Mapping[str, Any], check: Callable[[], None]
) -> str:
    status, content = _posted(chat_model, formatted, check)
    if status in _NOT_SUPPORTED:
        status, content = _posted(chat_model, plain, check)
    if status != httpx.codes.OK:
        error = _TryAgainError if status in _TRY_AGAIN else NoAnswerError
        hint = "; set AUTOCLIP_RATER_URL to the address it redirects to" if httpx.codes.is_redirect(status) else ""
        raise error(f"{chat_model.url} returned status {status}{hint}")
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
                    raise NoAnswerError(f"{chat_model.url} returned more than {MAX_ANSWER_BYTES:,} bytes")
                if time.monotonic() > deadline:
                    raise _TryAgainError(f"{chat_model.url} did not answer within {chat_model.timeout_sec:g} s")
            return response.status_code, bytes(content)
    except httpx.TimeoutException as error:
        raise _TryAgainError(f"{chat_model.url} did not answer within {chat_model.timeout_sec:g} s") from error
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise _TryAgainError(f"{chat_model.url} can't be reached: {error or type(error).__name__}") from error


def _text_of(content: bytes) -> str:
    try:
        text = json.loads(content)["choices"][0]["message"]["content"]
    except (ValueError, KeyError, IndexError, TypeError, RecursionError) as error:
        raise NoAnswerError("the answer does not follow the chat completions protocol") from error
    if not isinstance(text, str):
        raise NoAnswerError("the answer contains no text")
    return text
