"""Messages for download errors: what a site's refusal means, and what to do about it."""

from __future__ import annotations

import re

_COOKIES = "log in with a browser and set cookies_from_browser (such as firefox), or export cookies_file"

ADVICE: dict[str, str] = {
    "not a bot|captcha|challenge": f"the site wants proof that a person asks; {_COOKIES}, and wait a while",
    "confirm your age|age.?restricted|inappropriate for some": f"it is restricted by age; {_COOKIES}",
    "members.?only|channel's members|join this channel|subscri|premium|purchase|payment|paid": (
        f"it is for members or buyers; {_COOKIES}"
    ),
    "private video|is private|login required|registered users|log ?in|sign in|HTTP Error 401": (
        f"it is private; {_COOKIES}"
    ),
    "geo.?restrict|in your (country|location)|your region|HTTP Error 451": (
        "it is blocked in this region; fetch it from a machine elsewhere, or through a proxy"
    ),
    r"\bDRM\b": "it is protected against copying; there is no way to it",
    "HTTP Error 429|too many requests|rate.?limited": (
        "the site was asked too often; set sleep_sec and try again later"
    ),
    "copyright|removed by|account.*terminated|has been removed|no longer available": (
        "it was taken down; there is no way to it"
    ),
    "premieres in|live event will begin|upcoming": "it has not begun; come back when it is over",
    "unsupported url|no video formats|no suitable (extractor|formats)|requested format is not available": (
        "there is no video that can be fetched; check the address in a browser, update yt-dlp, and for YouTube have "
        "Deno on the PATH"
    ),
    "cookies? (database|file)|could not (find|copy).*cookie|cookieload|load cookies": (
        "the cookies can't be read; close the browser, or export them to cookies_file"
    ),
    "HTTP Error 4(04|10)|page not found": "there is nothing at this address; check it in a browser",
    "HTTP Error 403|forbidden": f"the site refuses; {_COOKIES}, or update yt-dlp",
    r"HTTP Error 5\d\d": "the site is in trouble; try again later",
    "no space left": "the disk is full; free space there",
    "failed to resolve|name or service not known|nodename nor servname|getaddrinfo|no address associated": (
        "no server of that name was found; check the address, and whether this machine is online"
    ),
    "connection refused|actively refused|unreachable|no route to host": (
        "the server can't be reached; check the address, or try again later"
    ),
    "timed out|timeout|connection|resolve|not known|network|bytes read|retries|incomplete": (
        "the connection broke; try again, what has arrived is continued"
    ),
}
"""Pattern of a message by a site or yt-dlp -> meaning and way out; the first match applies."""

_NOISE = re.compile(
    r"\x1b\[[0-9;]*m|^ERROR:\s*|\s*(; )?please report this issue on .*$|\s*\(caused by .*$", re.IGNORECASE | re.DOTALL
)


def advice(message: str) -> str:
    """Return a site's reason in one line, with the way out."""
    reason = " ".join(_NOISE.sub("", _NOISE.sub("", message)).split()).rstrip(".;")[:300]
    for pattern, meaning in ADVICE.items():
        if re.search(pattern, reason, re.IGNORECASE):
            return f"{meaning} (it said: {reason})"
    return reason or "the site gave no reason; try the address in a browser"
