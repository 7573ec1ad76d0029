"""Tone mapping: convert high dynamic range and wide gamut frames to sRGB for a page or JPEG."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from autoclip.media import color

Light = NDArray[np.float64]
"""Code values in [0, 1] or linear light, depending on the function."""

REFERENCE_WHITE_NITS = 203.0
"""Luminance of diffuse white in HDR, in cd/m2 (ITU-R BT.2408, table 1); it becomes white in SDR."""

PQ_PEAK_NITS = 10_000.0
"""Luminance of PQ code 1, in cd/m2 (SMPTE ST 2084)."""

HLG_PEAK_NITS = 1_000.0
"""Nominal peak of an HLG display in cd/m2, at which its system gamma is 1.2 (ITU-R BT.2100, table 5)."""

PEAK_PERCENTILE = 99.9
"""Percentile of a frame's pixels that defines its peak, so that single glints don't dim the rest."""

# PQ: SMPTE ST 2084, also ITU-R BT.2100 table 4.
_M1, _M2 = 2610 / 16384, 2523 / 4096 * 128
_C1, _C2, _C3 = 3424 / 4096, 2413 / 4096 * 32, 2392 / 4096 * 32

# HLG: ITU-R BT.2100 table 5.
_HLG_A, _HLG_B, _HLG_C, _HLG_GAMMA = 0.17883277, 0.28466892, 0.55991073, 1.2

_LUMA_2020 = np.array([0.2627, 0.6780, 0.0593])
"""Luminance weights of BT.2020 primaries (ITU-R BT.2020, table 4)."""

_RGB_2020_TO_709 = np.array([[1.6605, -0.5876, -0.0728], [-0.1246, 1.1329, -0.0083], [-0.0182, -0.1006, 1.1187]])
"""Converts linear light from BT.2020 primaries to BT.709: the inverse of the matrix in ITU-R BT.2087, 2.1."""


def needs_mapping(transfer: str, primaries: str) -> bool:
    """Whether a frame must be converted for display: high dynamic range, or the wide gamut of BT.2020."""
    return color.is_hdr(transfer) or primaries == "bt2020"


def to_srgb(pixels: NDArray[np.uint16], transfer: str, primaries: str) -> NDArray[np.uint8]:
    """Convert a frame to sRGB.

    Linear light -> tone curve (`compress_highlights`, HDR only) -> BT.709 primaries -> sRGB curve.

    Parameters
    ----------
    pixels : ndarray of uint16, shape ``(height, width, 3)``
        Full-range R'G'B' under `transfer`.
    transfer, primaries : str
        FFmpeg's names of the frame's colors; see `autoclip.media.color`.

    Returns
    -------
    ndarray of uint8, shape ``(height, width, 3)``
        sRGB.
    """
    signal: Light = pixels / 65535
    if transfer == color.PQ:
        light = compress_highlights(pq_to_nits(signal)) / REFERENCE_WHITE_NITS
    elif transfer == color.HLG:
        light = compress_highlights(hlg_to_nits(signal)) / REFERENCE_WHITE_NITS
    else:
        light = _srgb_light(signal)  # so that grays match those of the same frame in BT.709
    if primaries == "bt2020":
        light = light @ _RGB_2020_TO_709.T
    return np.round(_srgb_curve(np.clip(light, 0, 1)) * 255).astype(np.uint8)


def pq_to_nits(signal: Light) -> Light:
    """Return the luminance of PQ code values in [0, 1]: the EOTF of SMPTE ST 2084.

    ``10000 * (max(E^(1/m2) - c1, 0) / (c2 - c3 E^(1/m2)))^(1/m1)``, in cd/m2.
    """
    power = signal ** (1 / _M2)
    nits: Light = PQ_PEAK_NITS * (np.maximum(power - _C1, 0) / (_C2 - _C3 * power)) ** (1 / _M1)
    return nits


def nits_to_pq(nits: Light) -> Light:
    """Return the PQ code values, in [0, 1], of luminances in cd/m2: the inverse of `pq_to_nits`."""
    power = (np.maximum(nits, 0) / PQ_PEAK_NITS) ** _M1
    signal: Light = ((_C1 + _C2 * power) / (1 + _C3 * power)) ** _M2
    return signal


def hlg_to_nits(signal: Light) -> Light:
    """Return the luminance of HLG code values on a display of 1,000 cd/m2: inverse OETF, then OOTF (ITU-R BT.2100).

    Inverse OETF: ``E^2 / 3`` up to 1/2, ``(exp((E - c) / a) + b) / 12`` above. OOTF: ``1000 * Y^(gamma - 1) * E``.
    """
    scene = np.where(signal <= 0.5, signal**2 / 3, (np.exp((signal - _HLG_C) / _HLG_A) + _HLG_B) / 12)  # noqa: PLR2004
    luminance = np.maximum(scene @ _LUMA_2020, 1e-9)[..., None]
    nits: Light = HLG_PEAK_NITS * luminance ** (_HLG_GAMMA - 1) * scene
    return nits


def compress_highlights(nits: Light) -> Light:
    """Compress light above `REFERENCE_WHITE_NITS` softly; shadows and mid-tones stay unchanged.

    The curve is the EETF of ITU-R BT.2390, 5.4.1, from the frame's peak to reference white, applied to the largest of a
    pixel's R, G and B so that its hue stays. In PQ code values relative to the peak, with ``m = white / peak``, the
    knee is at ``1.5 m - 0.5``; above it runs a Hermite spline with ``t = (e - knee) / (1 - knee)``: ``(2t^3 - 3t^2 + 1)
    knee + (t^3 - 2t^2 + t)(1 - knee) + (-2t^3 + 3t^2) m``.

    Parameters
    ----------
    nits : ndarray of float64, shape ``(height, width, 3)``
        Linear light in cd/m2.

    Returns
    -------
    ndarray of float64, same shape
        Linear light; a frame below reference white is returned unchanged.
    """
    brightest = nits.max(axis=-1)
    peak = float(np.percentile(brightest, PEAK_PERCENTILE))
    if peak <= REFERENCE_WHITE_NITS:
        return nits
    code_of_peak = nits_to_pq(np.asarray(peak))
    relative = np.minimum(nits_to_pq(brightest) / code_of_peak, 1)
    target = nits_to_pq(np.asarray(REFERENCE_WHITE_NITS)) / code_of_peak
    knee = 1.5 * target - 0.5
    t = np.maximum(relative - knee, 0) / (1 - knee)
    spline = (2 * t**3 - 3 * t**2 + 1) * knee + (t**3 - 2 * t**2 + t) * (1 - knee) + (-2 * t**3 + 3 * t**2) * target
    mapped = pq_to_nits(np.where(relative < knee, relative, spline) * code_of_peak)
    compressed: Light = nits * (mapped / np.maximum(brightest, 1e-6))[..., None]
    return compressed


def _srgb_curve(light: Light) -> Light:
    """Encode linear light in [0, 1]: IEC 61966-2-1."""
    return np.where(light <= 0.0031308, 12.92 * light, 1.055 * np.maximum(light, 1e-9) ** (1 / 2.4) - 0.055)  # noqa: PLR2004


def _srgb_light(signal: Light) -> Light:
    """Decode to linear light: the inverse of `_srgb_curve`."""
    return np.where(signal <= 0.04045, signal / 12.92, ((signal + 0.055) / 1.055) ** 2.4)  # noqa: PLR2004
