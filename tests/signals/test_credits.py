"""Credits, from pictures of 160 by 90 at four a second: rolls and cards, and what only looks like them."""

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from autoclip.signals.credits import TextTracker, credits_of
from autoclip.signals.table import Event

SIZE = WIDTH, HEIGHT = 160, 90
RATE = 4
LINES = ["Directed by", "Ada Example", "", "Music", "The Band of Nobody", "Sound", "Foley Artist", "", "Thanks"] * 12
SCALE = 4  # letters are drawn large and averaged, as the pictures of the pass are


def scenery(seed=0, height=HEIGHT):
    """Draw a picture of soft shapes."""
    random = np.random.default_rng(seed)
    coarse = Image.fromarray(random.integers(60, 150, (height // 10, 16), dtype=np.uint8))
    return np.asarray(coarse.resize((WIDTH, height), Image.Resampling.BICUBIC), np.float32)


def action(seconds, seed=0):
    """Show scenery past which a camera turns, with something large that moves."""
    wide = np.concatenate([scenery(seed), scenery(seed + 1)], axis=1)
    return [np.roll(wide, -5 * number, axis=1)[:, :WIDTH] for number in range(seconds * RATE)]


def written(lines, size, *, spacing=1.5):
    """Draw lines of text below each other; how much of each sample they cover."""
    font = ImageFont.load_default(size * SCALE)
    step = int(size * spacing * SCALE)
    image = Image.new("L", (WIDTH * SCALE, step * len(lines)), 0)
    for number, line in enumerate(lines):
        ImageDraw.Draw(image).text((WIDTH * SCALE // 2, number * step), line, font=font, fill=255, anchor="ma")
    return np.asarray(image.resize((WIDTH, image.height // SCALE), Image.Resampling.BOX), np.float32) / 255


def mixed(ground, cover, level=235.0):
    return ground * (1 - cover) + level * cover


def roll(seconds, speed, ground, *, size=7, level=235.0, down=False):
    """Let text roll up (or down) by `speed` lines a second."""
    text = np.pad(written(LINES, size), ((HEIGHT, HEIGHT), (0, 0)))
    tops = [int(number / RATE * speed) for number in range(int(seconds * RATE))]
    return [mixed(ground, text[top : top + HEIGHT], level) for top in (reversed(tops) if down else tops)]


def card(seconds, lines, ground=0.0, size=9):
    cover = np.zeros((HEIGHT, WIDTH), np.float32)
    text = written(lines, size)
    cover[20 : 20 + len(text)] = text
    return [mixed(np.full((HEIGHT, WIDTH), ground), cover)] * int(seconds * RATE)


def found(pictures, black=(), at_once=37):
    pictures = np.rint(np.clip(np.stack(pictures), 0, 255)).astype(np.uint8)
    noise = np.random.default_rng(1).integers(-2, 3, pictures.shape)
    pictures = np.clip(pictures + noise, 0, 255).astype(np.uint8)
    seconds, tracker = np.arange(len(pictures)) / RATE, TextTracker()
    for first in range(0, len(pictures), at_once):
        tracker.push(seconds[first : first + at_once], pictures[first : first + at_once])
    return credits_of(tracker.finish(), tuple(black), len(pictures) / RATE)


@pytest.mark.parametrize("speed", [3, 6, 14])
@pytest.mark.parametrize("ground", ["black", "white", "picture"])
def test_a_roll_is_found_wherever_it_lies(speed, ground):
    behind = {"black": np.zeros((HEIGHT, WIDTH)), "white": np.full((HEIGHT, WIDTH), 230.0), "picture": scenery(4)}
    rolling = roll(16, speed, behind[ground], level=20.0 if ground == "white" else 235.0)
    (event,) = found([*action(20), *rolling, *action(20, seed=5)])
    assert event.start_sec == pytest.approx(20 + 1.5, abs=2.5)
    assert event.end_sec == pytest.approx(36, abs=2.5)


def test_a_roll_beside_a_moving_picture_is_found():
    rolling = roll(16, 6, np.zeros((HEIGHT, WIDTH)))
    for number, picture in enumerate(rolling):
        picture[20:60, :50] = action(16, seed=8)[number][20:60, :50]
    assert len(found([*action(20), *rolling])) == 1


@pytest.mark.parametrize("at_once", [1, 5, 400])
def test_what_is_found_does_not_depend_on_the_portions(at_once):
    pictures = [*action(8), *roll(12, 6, scenery(2)), *card(4, ["Thank you"])]
    assert found(pictures, at_once=at_once) == found(pictures)


def still_with(draw, seconds=20):
    return [draw(scenery(3).copy(), number) for number in range(seconds * RATE)]


TALL_VIEW = scenery(6, height=HEIGHT * 4)
NEWS = written(["breaking news " * 3], 8)
FILM = action(20, seed=9)
TITLE = written(["A film by", "Ada Example"], 10)
CAPTIONS = [written([line or "so"], 9) for line in LINES[:6]]
SKY = np.random.default_rng(3).random((HEIGHT * 4, WIDTH)) > 0.995


def tilted(_, number):
    return TALL_VIEW[number : number + HEIGHT]


def tilted_slowly(_, number):
    """A soft picture, such as a sky over hills, that hardly changes from one to the next."""
    smooth = np.asarray(Image.fromarray(TALL_VIEW[:200]).resize((WIDTH, 600), Image.Resampling.BICUBIC))
    return smooth[number * 3 : number * 3 + HEIGHT]


def ticker(picture, number):
    picture[80 : 80 + min(len(NEWS), 10)] = mixed(0.0, np.roll(NEWS, -3 * number, axis=1)[:10])
    return picture


def captioned(picture, number):
    text = CAPTIONS[number // 7 % len(CAPTIONS)]
    picture[70 : 70 + len(text)] = mixed(picture[70 : 70 + len(text)], text)
    return picture


def titled(_, number):
    """Show titles over a film that goes on."""
    picture = FILM[number].copy()
    if number // (4 * RATE) % 2:
        picture[20 : 20 + len(TITLE)] = mixed(picture[20 : 20 + len(TITLE)], TITLE)
    return picture


def stars(_, number):
    picture = np.roll(SKY, 4 * number, axis=0)[:HEIGHT] * 200.0
    picture[70:80, 60 + int(40 * np.sin(number / 2)) :][:, :12] = 180
    return picture


def chat(picture, number):
    text = written(LINES[number // 5 % 9 :][:6], 7)
    return mixed(picture, np.pad(text, ((0, HEIGHT - len(text)), (0, 0))))


@pytest.mark.parametrize("draw", [tilted, tilted_slowly, ticker, captioned, titled, stars, chat])
def test_what_only_looks_like_a_roll_is_none(draw):
    assert found([*action(10), *still_with(draw), *action(10)]) == ()


def test_points_that_scroll_up_to_the_end_are_no_cards():
    assert found([*action(20), *still_with(stars)]) == ()


def test_text_that_rolls_down_is_none():
    assert found([*action(10), *roll(16, 6, np.zeros((HEIGHT, WIDTH)), down=True)]) == ()


def test_cards_at_the_end_are_credits_and_those_within_are_not():
    black = [np.zeros((HEIGHT, WIDTH))] * RATE
    cards = [*card(4, ["A film by", "Ada Example"]), *black, *card(4, ["Music", "Nobody"]), *black]
    within = found([*action(20), *cards, *action(20)])
    assert within == ()
    (event,) = found([*action(40), *cards], black=[Event("black", 44.0, 45.0), Event("black", 49.0, 50.0)])
    assert (event.start_sec, event.end_sec) == (pytest.approx(40, abs=0.5), pytest.approx(49, abs=0.5))


def test_a_title_at_the_beginning_is_found_behind_black():
    black = [np.zeros((HEIGHT, WIDTH))] * 6 * RATE
    (event,) = found([*black, *card(4, ["A film by", "Ada Example"]), *action(40)], black=[Event("black", 0.0, 6.0)])
    assert (event.start_sec, event.end_sec) == (pytest.approx(6, abs=0.5), pytest.approx(10, abs=0.5))


def test_slides_are_no_credits():
    slides = [card(8, LINES[first : first + 3], ground=200.0) for first in range(6)]
    assert found([picture for slide in slides for picture in slide]) == ()
