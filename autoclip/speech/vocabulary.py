"""Words that carry information about a sentence, by language: data, not code."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Words of one language, in lower case.

    Attributes
    ----------
    dangling : frozenset of str
        Pronouns and conjunctions that refer back when they start a sentence.
    opening : frozenset of str
        Words that may start a sentence without adding meaning: question words, auxiliaries, "now".
    pointing : frozenset of str
        Words that refer back at the start of a sentence or after an opening.
    emphasis : frozenset of str
        Words that speakers use for emphasis.
    numbers : frozenset of str
        Spelled-out numbers.
    common : frozenset of str
        Function words, which say nothing about the subject.
    names_are_capitalized : bool
        Whether a capital letter within a sentence means a name.
    """

    dangling: frozenset[str] = frozenset()
    opening: frozenset[str] = frozenset()
    pointing: frozenset[str] = frozenset()
    emphasis: frozenset[str] = frozenset()
    numbers: frozenset[str] = frozenset()
    common: frozenset[str] = frozenset()
    names_are_capitalized: bool = True


def _set(text: str) -> frozenset[str]:
    return frozenset(text.split())


VOCABULARIES: Mapping[str, Vocabulary] = {
    "en": Vocabulary(
        dangling=_set(
            "he she it they this that these those his her their its him them such so and but or nor yet because then "
            "also therefore thus hence however although though whereas which who whom whose otherwise meanwhile "
            "besides instead likewise moreover furthermore  as than it's he's she's they're that's there's "
            "well anyway plus except even neither both another"
        ),
        opening=_set(
            "now okay ok well yes no yeah why how what when where is are was were am do does did has have had can "
            "could will would should must isn't aren't wasn't weren't don't doesn't didn't can't couldn't won't "
            "wouldn't"
        ),
        pointing=_set(
            "he she it they this that these those him them his its their such it's that's he's she's they're"
        ),
        emphasis=_set(
            "never always nobody everybody everything nothing must really actually incredible amazing important "
            "crucial secret best worst biggest greatest first only key mistake problem truth wrong "
            "surprising remember imagine literally absolutely exactly finally suddenly impossible huge love hate"
        ),
        numbers=_set(
            "two three four five six seven eight nine ten eleven twelve twenty thirty forty fifty hundred hundreds "
            "thousand thousands million millions billion billions half twice percent"
        ),
        common=_set(
            "a an the of to in on at by for from with without as is am are was were be been being do does did have "
            "has had will would can could should may might must shall not no yes i you he she it we they me him her "
            "us them my your his its our their this that these those there here what which who when where why how and "
            "or but if so than then just about into over out up down all some any more most very too also like get "
            "got go going one know think because really "
            "thing things something want say said i'm it's that's don't you're we're"
        ),
    ),
    "de": Vocabulary(
        dangling=_set(
            "er sie es dies dieser diese dieses diesen das der die den dem dessen deren sein ihr ihre seine und aber "
            "oder denn weil dann also daher deshalb darum trotzdem jedoch doch sondern außerdem zudem welche welcher "
            "welches sonst damit dabei dafür dagegen davon darauf daran"
        ),
        opening=_set(
            "nun okay ok ja nein warum wieso wie was wann wo ist sind war waren hat haben hatte kann können wird "
            "werden würde soll sollte muss"
        ),
        pointing=_set("er es dies dieser dieses diese das denn dann ihm ihn deren dessen"),
        emphasis=_set(
            "nie niemals immer niemand alle alles nichts muss wirklich unglaublich wichtig entscheidend geheimnis "
            "beste schlimmste größte erste einzige fehler problem wahrheit falsch endlich plötzlich unmöglich genau"
        ),
        numbers=_set(
            "zwei drei vier fünf sechs sieben acht neun zehn elf zwölf zwanzig dreißig vierzig fünfzig hundert tausend "
            "million millionen milliarde milliarden hälfte prozent"
        ),
        common=_set(
            "der die das den dem des ein eine einen einem einer und oder aber nicht kein keine ist sind war waren sein "
            "haben hat hatte wird werden kann können muss ich du er sie es wir ihr mich mir uns euch ihm ihn zu in im "
            "an am auf mit von vom für bei aus nach über um wie was wer wo wann warum so auch nur noch schon sehr dass "
            "wenn als da hier mehr man sich mal ja nein dann denn doch etwas"
        ),
        names_are_capitalized=False,
    ),
}
"""The supported languages."""


def vocabulary_of(language: str | None) -> Vocabulary:
    """Return the vocabulary of a language; empty for an unsupported one."""
    return VOCABULARIES.get(language or "", Vocabulary())
