"""Made-up shots for tests: colored texture that drifts, so that neighboring pictures are alike and shots are not."""

import numpy as np
from scipy.ndimage import gaussian_filter


def texture(seed, height, width):
    """An RGB texture with large and small structure and colors of its own, float, 0..255."""
    random = np.random.default_rng(seed)
    coarse = gaussian_filter(random.normal(size=(height, width)), 9.0, mode="wrap")
    fine = gaussian_filter(random.normal(size=(height, width)), 2.0, mode="wrap")
    shade = coarse / coarse.std() * 40 + fine / fine.std() * 12
    tint = random.uniform(40, 215, size=3)
    return np.clip(tint + shade[..., None] * random.uniform(0.6, 1.2, size=3), 0, 255)


def shot(seed, count, size=(128, 72), speed=0.5, noise=0.0):
    """`count` RGB pictures of a camera that moves `speed` pixels a picture over a texture; `noise` is fresh grain."""
    width, height = size
    world = texture(seed, height, width)
    world = world if noise else world.astype(np.uint8)  # an eighth of what is moved
    random = np.random.default_rng(seed + 1000)
    pictures = []
    for index in range(count):
        picture = np.roll(world, round(index * speed), axis=1)
        if noise:
            grain = random.normal(scale=noise, size=(height, width, 1))
            picture = np.clip(picture + grain, 0, 255).astype(np.uint8)
        pictures.append(picture)
    return pictures


def mixed(old, new, share):
    """A picture of a dissolve."""
    return np.clip(np.rint(old * (1.0 - share) + new.astype(float) * share), 0, 255).astype(np.uint8)


def dissolve(before, after, count):
    """Two shots joined by `count` mixed pictures, and where those begin."""
    middle = [mixed(before[-count + i], after[i], (i + 1) / (count + 1)) for i in range(count)]
    return [*before[:-count], *middle, *after[count:]], len(before) - count


def faded(pictures, first, last):
    """Pictures whose brightness goes straight from `first` to `last` (shares)."""
    return [
        np.rint(picture * share).astype(np.uint8)
        for picture, share in zip(pictures, np.linspace(first, last, len(pictures)), strict=True)
    ]
