"""Change the sample rate of audio that comes in blocks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from numpy.typing import NDArray

from autoclip.media.decoding.audio import AudioBlock, samples_of
from autoclip.timeline import JITTER_SEC

_LAYOUTS = {1: "mono", 2: "stereo"}


class BlockResampler:
    """Resamples the blocks of one stream, mono or stereo, without seams between them.

    FFmpeg's resampler removes what lies above half the lower rate, which would be heard at other frequencies. A block
    that does not continue the one before, or has another rate, begins anew.

    Parameters
    ----------
    rate : int
        Samples a second of the result.
    """

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._resampler: AudioResampler | None = None
        self._last: AudioBlock | None = None
        self._next = 0

    def resample(self, block: AudioBlock) -> Iterator[AudioBlock]:
        """Yield what is complete after a block."""
        start = round(block.start * self._rate / block.rate)
        apart = abs(start - self._next) > JITTER_SEC * self._rate
        if self._last is None or block.rate != self._last.rate or apart:
            yield from self.flush()
            self._next = start
        self._last = block
        if block.rate == self._rate:
            yield self._placed(block.samples)
            return
        layout = _LAYOUTS[len(block.samples)]
        if self._resampler is None:
            self._resampler = AudioResampler(format="fltp", layout=layout, rate=self._rate)
        frame = AudioFrame.from_ndarray(np.ascontiguousarray(block.samples), format="fltp", layout=layout)
        frame.sample_rate = block.rate
        for made in self._resampler.resample(frame):
            yield self._placed(samples_of(made))

    def flush(self) -> Iterator[AudioBlock]:
        """Yield what the resampler still holds."""
        if self._resampler is not None:
            for made in self._resampler.resample(None):
                yield self._placed(samples_of(made))
        self._resampler = self._last = None

    def _placed(self, samples: NDArray[np.float32]) -> AudioBlock:
        assert self._last is not None  # noqa: S101 - the callers have set it
        placed = replace(self._last, start=self._next, rate=self._rate, samples=samples)
        self._next += samples.shape[1]
        return placed
