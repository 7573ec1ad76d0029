"""What a machine can do that not every machine can, and what of that a job asks for."""

from __future__ import annotations

from autoclip.errors import AutoclipError
from autoclip.export.cuts.encoders import SOFTWARE_CODECS
from autoclip.export.cuts.hardware import encoder_devices
from autoclip.media.decoding.hardware import decoder_devices
from autoclip.media.ffmpeg import knows_encoder
from autoclip.settings import ExportSettings, Settings
from autoclip.speech.transcribers import transcriber_for
from storage.environment import Environment

SPEECH = "speech"


def capabilities_of(environment: Environment) -> frozenset[str]:
    """Return what this machine can do.

    Parameters
    ----------
    environment : Environment
        Names its ffmpeg, and how it transcribes where a job does not say.

    Returns
    -------
    frozenset of str
        ``speech``; codecs that its ffmpeg encodes, as `ExportSettings.video_codec` calls them; devices that decode or
        encode, as the settings `decoder` and `encoder` call them. Devices are there, but were not tried.
    """
    speech = (SPEECH,) if _can_transcribe(environment) else ()
    return frozenset((*speech, *_codecs(environment), *decoder_devices(), *encoder_devices()))


def needs_of(settings: Settings, export: ExportSettings) -> frozenset[str]:
    """Return what a machine should be able to do for a job; what every machine can is left out."""
    encoded_by = export.video_codec if export.encoder in {"auto", "x264"} else export.encoder
    speech = (SPEECH,) if settings.speech.speech in {"clips", "all"} else ()
    return frozenset((encoded_by, settings.extraction.decoder, *speech)) - {"h264", "auto", "software"}


def _can_transcribe(environment: Environment) -> bool:
    try:
        transcriber_for(environment.settings.speech).require()
    except AutoclipError:
        return False
    return True


def _codecs(environment: Environment) -> tuple[str, ...]:
    try:
        return tuple(codec for codec, name in SOFTWARE_CODECS.items() if knows_encoder(name, environment.ffmpeg))
    except AutoclipError:  # there is no ffmpeg, which 'autoclip doctor' says
        return ()
