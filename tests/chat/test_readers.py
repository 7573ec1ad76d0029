"""Chats of every known downloader say the same, and what is not a chat is refused in one line."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autoclip.chat.messages import ChatMessage, chat_log, longest_run
from autoclip.chat.readers import read_chat
from autoclip.errors import MediaError

SAID = [(1.5, "ann", "hahaaaa"), (2.0, "bob", "what was that"), (3725.25, "ann", "ㅋㅋㅋㅋ")]


def youtube():
    lines = [
        {
            "replayChatItemAction": {
                "videoOffsetTimeMsec": str(int(time * 1000)),
                "actions": [
                    {
                        "addChatItemAction": {
                            "item": {
                                "liveChatTextMessageRenderer": {
                                    "authorExternalChannelId": author,
                                    "message": {"runs": [{"text": text}]},
                                }
                            }
                        }
                    }
                ],
            }
        }
        for time, author, text in SAID
    ]
    placeholder = {"replayChatItemAction": {"actions": [{"addChatItemAction": {"item": {"x": {}}}}]}}
    return "\n".join(json.dumps(line) for line in (placeholder, *lines))


def rechat():
    return json.dumps(
        [
            {"content_offset_seconds": time, "commenter": {"display_name": author}, "message": {"body": text}}
            for time, author, text in SAID
        ]
    )


def twitch_downloader():
    return json.dumps({"streamer": {"name": "x"}, "comments": json.loads(rechat())})


def chat_downloader():
    return json.dumps([{"time_in_seconds": t, "author": {"name": a, "id": a}, "message": m} for t, a, m in SAID])


def chat_downloader_lines():
    return "\n".join(json.dumps(entry) for entry in json.loads(chat_downloader()))


def table():
    return "time,user_name,message\n" + "\n".join(f"{t},{a},{m}" for t, a, m in SAID)


def irc():
    return "*** connected\n[0:00:01.5] <ann> hahaaaa\n[0:00:02] <bob> what was that\n[1:02:05.25] <ann> ㅋㅋㅋㅋ"


def names_with_colons():
    return "0:01.5 ann: hahaaaa\n0:02 bob: what was that\n1:02:05.25 ann: ㅋㅋㅋㅋ"


@pytest.mark.parametrize(
    "form",
    [youtube, rechat, twitch_downloader, chat_downloader, chat_downloader_lines, table, irc, names_with_colons],
)
def test_every_form_says_the_same(tmp_path, form):
    path = tmp_path / "chat"
    path.write_text(form(), encoding="utf-8")
    log = read_chat(path)
    assert log.time_sec.tolist() == [1.5, 2.0, 3725.25]
    assert log.longest_run.tolist() == [4, 1, 4]
    assert log.chatter[0] == log.chatter[2] != log.chatter[1]


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"a": 1}', "a;b\n1;2", "[" * 100_000, "\x00\x01", '[{"message": "x"}]']
)
def test_what_is_no_chat_is_refused(tmp_path, text):
    path = tmp_path / "chat.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(MediaError, match="no chat message"):
        read_chat(path)


@pytest.mark.parametrize("text", ["time,author,message\n1,a," + "x" * 200_000, "x" * 200_000])
def test_fields_that_no_table_has_are_refused(tmp_path, text):
    path = tmp_path / "chat.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(MediaError, match="table can't be read: field larger"):
        read_chat(path)


def test_what_no_site_sends_stops_no_reading(tmp_path):
    """Halves of characters, times beyond every number, and texts that would take minutes."""
    texts = ["\ud800", "h" * 100_000, "ab" * 100_000]
    rows = [{"time": time, "author": "\udfff", "message": text} for time, text in zip([3, 2, 1], texts, strict=True)]
    rows += [{"time": time, "author": "a", "message": "x"} for time in (float("nan"), "1e400", float("-inf"))]
    path = tmp_path / "chat.json"
    path.write_text(json.dumps(rows), encoding="ascii")
    log = read_chat(path)
    assert log.time_sec.tolist() == [1, 2, 3]
    assert log.longest_run.tolist() == [500, 1000, 1]
    path.write_text(youtube().replace('"1500"', "9" * 400), encoding="utf-8")
    assert read_chat(path).time_sec.tolist() == [2.0, 3725.25]


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(MediaError, match="can't be read"):
        read_chat(tmp_path / "none.json")


def test_bots_and_adverts_are_left_out():
    advert = "join our server for more fun at the link below"
    messages = [
        ChatMessage(1.0, "Nightbot", "hello"),
        *(ChatMessage(10.0 * n, "seller", advert) for n in range(8)),
        *(ChatMessage(10.0 * n, "fan", "lol") for n in range(8)),
    ]
    log = chat_log(messages)
    assert log.time_sec.size == 8
    assert len(set(log.chatter.tolist())) == 1


@given(st.lists(st.tuples(st.floats(-10, 1e5), st.text(max_size=8), st.text(max_size=30))))
def test_columns_are_ordered_and_as_long_as_the_chat(rows):
    log = chat_log(ChatMessage(*row) for row in rows)
    assert log.time_sec.tolist() == sorted(log.time_sec.tolist())
    assert log.time_sec.size == log.chatter.size == log.text.size == log.longest_run.size <= len(rows)


@pytest.mark.parametrize(
    ("text", "length"),
    [("hahaaaa", 4), ("5 5 5 5", 4), ("WwWw", 4), ("", 0), ("ab", 1), ("ㅋㅋㅋ!", 3), ("hahahaha", 4), ("oh no", 1)],
)
def test_the_longest_run(text, length):
    assert longest_run(text) == length
