"""Report damage: merge what could not be decoded into time spans that a person can check."""

from __future__ import annotations

from dataclasses import dataclass

GAP_SEC = 1.0
"""Damage closer together than this, in seconds, is one span."""

MAX_STRETCHES = 50
"""Maximum number of spans in a report."""


@dataclass(frozen=True, slots=True)
class Damage:
    """A packet or frame that could not be decoded, or only in part.

    Attributes
    ----------
    what : str
        ``picture`` or ``sound``.
    seconds : float or None
        Its time on the video's timeline; None if the packet has none.
    reason : str
        The decoder's message.
    """

    what: str
    seconds: float | None
    reason: str


def damage_report(damage: list[Damage]) -> tuple[str, ...]:
    """Return a sentence for each damaged span, ordered by kind and time."""
    sentences: list[str] = []
    for what in dict.fromkeys(item.what for item in damage):
        sentences.extend(_stretches([item for item in damage if item.what == what]))
    if len(sentences) > MAX_STRETCHES:
        return (*sentences[:MAX_STRETCHES], f"and {len(sentences) - MAX_STRETCHES} further damaged stretches")
    return tuple(sentences)


def _stretches(damage: list[Damage]) -> list[str]:
    placed = sorted((item for item in damage if item.seconds is not None), key=lambda item: item.seconds or 0.0)
    stretches: list[list[Damage]] = []
    for item in placed:
        near = stretches and (item.seconds or 0.0) - (stretches[-1][-1].seconds or 0.0) <= GAP_SEC
        if near:
            stretches[-1].append(item)
        else:
            stretches.append([item])
    unplaced = [item for item in damage if item.seconds is None]
    return [_sentence(stretch) for stretch in stretches] + ([_sentence(unplaced)] if unplaced else [])


def _sentence(stretch: list[Damage]) -> str:
    first, last = stretch[0].seconds, stretch[-1].seconds
    if first is None or last is None:
        where = "at an unknown time"
    elif last - first < 0.005:  # noqa: PLR2004 - shown to a hundredth
        where = f"at {first:.2f} s"
    else:
        where = f"from {first:.2f} to {last:.2f} s"
    times = f" ({len(stretch)} places)" if len(stretch) > 1 else ""
    return f"{stretch[0].what} damaged {where}{times}: {stretch[0].reason}"
