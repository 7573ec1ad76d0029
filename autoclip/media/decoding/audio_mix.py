"""Several tracks of sound decoded as one: each with its gain, laid on one timeline and added up."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

import numpy as np
from av.packet import Packet
from numpy.typing import NDArray

from autoclip.media.decoding.audio import AudioBlock, AudioDamage, AudioDecoder
from autoclip.media.decoding.resampling import BlockResampler

CHANNELS = ("FL", "FR")

_CENTER_FACTOR = 0.5**0.5
"""Of what comes from neither side, in both channels (ITU-R BS.775)."""

_MAX_LAG_SEC = 10.0
"""How far one track may lie behind another in the file; where it is later it is silent."""


class MixInput:
    """One track of a mix.

    Parameters
    ----------
    decoder : AudioDecoder
        Of its stream.
    factor : float
        What its samples are multiplied by.
    rate : int
        Samples a second of the mix.
    """

    def __init__(self, decoder: AudioDecoder, factor: float, rate: int) -> None:
        self._decoder = decoder
        self._factor = np.float32(factor)
        self._resampler = BlockResampler(rate)
        self.reached: int | None = None

    def decode(self, packet: Packet | None) -> Iterator[AudioBlock | AudioDamage]:  # type: ignore[type-arg]
        """Yield what a packet holds in stereo, at the mix's rate; None flushes the decoder at the end."""
        for item in self._decoder.decode(packet):
            if isinstance(item, AudioDamage):
                yield item
            else:
                stereo = replace(item, channels=CHANNELS, samples=self._factor * _stereo(item))
                yield from self._counted(self._resampler.resample(stereo))
        if packet is None:
            yield from self._counted(self._resampler.flush())

    def _counted(self, blocks: Iterable[AudioBlock]) -> Iterator[AudioBlock]:
        for block in blocks:
            self.reached = block.start + block.samples.shape[1]
            yield block


class AudioMixer:
    """Decodes the packets of several streams to blocks of their sum, in the order of time.

    Parameters
    ----------
    streams : sequence of int
        Index of each stream in the file.
    inputs : sequence of MixInput
        The track of each.
    rate : int
        Samples a second of the sum.
    """

    def __init__(self, streams: Sequence[int], inputs: Sequence[MixInput], rate: int) -> None:
        self._inputs = dict(zip(streams, inputs, strict=True))
        self._rate = rate
        self._first = 0
        self._line = np.zeros((len(CHANNELS), 0), np.float32)
        self._given = False

    def decode(self, packet: Packet | None) -> Iterator[AudioBlock | AudioDamage]:  # type: ignore[type-arg]
        """Yield what is complete after a packet; None flushes the decoders at the end."""
        for each in self._inputs.values() if packet is None else (self._inputs[packet.stream_index],):
            for item in each.decode(packet):
                if isinstance(item, AudioDamage):
                    yield item
                else:
                    self._add(item)
        last = self._first + self._line.shape[1]
        until = last if packet is None else self._complete_until(last)
        if until > self._first:
            yield AudioBlock(self._first, self._rate, CHANNELS, self._line[:, : until - self._first])
            self._line, self._first, self._given = self._line[:, until - self._first :], until, True

    def _complete_until(self, last: int) -> int:
        """Return up to where every track has come; one that is too far behind is not waited for."""
        patient = last - round(_MAX_LAG_SEC * self._rate)
        reached = [patient if each.reached is None else each.reached for each in self._inputs.values()]
        return max(min(reached), patient)

    def _add(self, block: AudioBlock) -> None:
        if not self._line.shape[1] and not self._given:
            self._first = block.start
        if block.start < self._first and not self._given:
            self._line = np.pad(self._line, ((0, 0), (self._first - block.start, 0)))
            self._first = block.start
        samples = block.samples[:, max(self._first - block.start, 0) :]
        begin = max(block.start - self._first, 0)
        end = begin + samples.shape[1]
        self._line = np.pad(self._line, ((0, 0), (0, max(end - self._line.shape[1], 0))))
        self._line[:, begin:end] += samples


def _stereo(block: AudioBlock) -> NDArray[np.float32]:
    """Return a block in two channels; what comes from the middle is in both, the low-frequency effects in none."""
    if len(block.channels) == 1:
        return np.repeat(block.samples, 2, axis=0)
    sides = [[_share(name, side) for name in block.channels] for side in "LR"]
    weights = np.array(sides, np.float32)
    return np.asarray(weights @ block.samples, np.float32)


def _share(channel: str, side: str) -> float:
    if channel.startswith("LFE"):
        return 0.0
    if channel[-1] in "LR":
        return 1.0 if channel[-1] == side else 0.0
    return _CENTER_FACTOR
