"""One example of every request and response body, by the name of its schema: the match of docs/api.md."""

from __future__ import annotations

from typing import Any

from autoclip.clips import displayed_score

_PROJECT_ID = "facde1f64a1303b4"
_CLIP_ID = "5f0c7f2a9b1d4e63"
_QUALITY = 0.731
_JOB_ID = "01396df0-a00f-411c-ba26-64ea51312022"
_MORNING, _NOON = "2026-11-23T07:00:14.981864Z", "2026-11-23T12:30:00Z"

_LAYOUT = {"framing": "facecam-top", "facecam": "960,540,320,180"}

_PROJECT: dict[str, Any] = {
    "id": _PROJECT_ID,
    "name": "Grand final",
    "source": {"kind": "file", "address": "/srv/videos/match.mp4"},
    "path": "/srv/videos/match.mp4",
    "fingerprint": "9b2f61c0a7de4d1f8a5c3e7714b0d26f",
    "size_bytes": 1772052,
    "duration_sec": 5412.48,
    "display_width": 1280,
    "display_height": 720,
    "state": "analyzed",
    "error": None,
    "output_folder": None,
    "layout": _LAYOUT,
    "deleted_at": None,
    "revision": 3,
    "created_at": _MORNING,
    "updated_at": _NOON,
    "timecode": {"text": "01:00:00;02", "base": 30, "drop_frame": True, "reel": None},
    "video_url": f"/api/projects/{_PROJECT_ID}/video",
}

_CLIP: dict[str, Any] = {
    "id": _CLIP_ID,
    "name": "Winning goal",
    "start": 1812.36,
    "end": 1834.08,
    "duration": 21.72,
    "quality_score": _QUALITY,
    "anchor_time_sec": 1826.5,
    "anchor_reason": "peak",
    "reason": "loud and fast at 30:26; begins at a cut, ends in a pause",
    "mode": "v2",
    "scores": {"excitement": 0.82, "boundary": 0.64, "narrative": 0.91, "dead_time": 0.05},
    "created_by": "auto",
    "thumbnail": f"thumbnails/{_CLIP_ID}.jpg",
    "project_id": _PROJECT_ID,
    "renamed": True,
    "trimmed": False,
    "verdict": "kept",
    "revision": 2,
    "created_at": _MORNING,
    "updated_at": _NOON,
    "thumbnail_url": f"/api/projects/{_PROJECT_ID}/thumbnails/{_CLIP_ID}",
    "score": displayed_score(_QUALITY),
}

_FOUND = {name: _CLIP[name] for name in (
    "id", "name", "start", "end", "duration", "quality_score", "anchor_time_sec", "anchor_reason", "reason", "mode",
    "scores", "created_by", "thumbnail",
)}  # fmt: skip

_COMPOUND: dict[str, Any] = {
    "id": "c0ffee0123456789",
    "project_id": _PROJECT_ID,
    "name": "Best of the match",
    "items": [{"clip_id": _CLIP_ID, "start": None, "end": None}, {"clip_id": _CLIP_ID, "start": 30.0, "end": 40.0}],
    "crossfade_sec": 0.5,
    "revision": 1,
    "created_at": _NOON,
    "updated_at": _NOON,
    "duration": 31.22,
}

_EXPORT: dict[str, Any] = {
    "id": "e4b0c1d2f3a45678",
    "project_id": _PROJECT_ID,
    "clip_id": _CLIP_ID,
    "compound_id": None,
    "name": "Winning goal.mp4",
    "state": "completed",
    "path": "/srv/clips/Winning goal.mp4",
    "settings": {"cut": "exact", "crf": 20},
    "command": ["ffmpeg", "-ss", "1812.36", "-i", "/srv/videos/match.mp4"],
    "note": "",
    "export_key": "5d41402abc4b2a76b9719d911017c592",
    "error": None,
    "size_bytes": 9412877,
    "duration_sec": 21.72,
    "job_id": _JOB_ID,
    "revision": 3,
    "created_at": _NOON,
    "updated_at": _NOON,
    "file_url": "/api/exports/e4b0c1d2f3a45678/file",
}

_JOB: dict[str, Any] = {
    "id": _JOB_ID,
    "type": "analyze",
    "name": "Grand final",
    "project_id": _PROJECT_ID,
    "state": "running",
    "progress": 41.5,
    "stage": "measure 52 %",
    "error": None,
    "created_at": _MORNING,
    "started_at": _MORNING,
    "ended_at": None,
    "attempts": 1,
    "result": {"clips": None, "exports": None, "files": []},
}

_OPERATION: dict[str, Any] = {
    "project_id": _PROJECT_ID,
    "number": 12,
    "kind": "verdict",
    "undone": False,
    "revision": 14,
    "changes": [
        {"entity": "clip", "id": _CLIP_ID, "before": {"verdict": "undecided"}, "after": {"verdict": "kept"}},
    ],
    "created_at": _NOON,
}

_ANALYSIS: dict[str, Any] = {
    "project_id": _PROJECT_ID,
    "mode": "v2",
    "extraction_key": "4d1f8a5c3e7714b0",
    "selection_key": "77aa12c09be3d411",
    "settings": {"segmentation_mode": "v2", "target_clip_count_soft": 20},
    "message": "",
    "analyzed_at": _NOON,
}

_PARAMETER: dict[str, Any] = {
    "name": "overlap_iou_threshold",
    "group": "filters",
    "type": "float",
    "default": 0.35,
    "value": 0.35,
    "origin": "default",
    "unit": "",
    "help": "Clips that overlap more than this are taken for the same.",
    "choices": [],
    "minimum": 0.0,
    "maximum": 1.0,
}


def _listed(item: dict[str, Any], limit: int = 100) -> dict[str, Any]:
    return {"items": [item], "total": 1, "limit": limit, "offset": 0}


EXAMPLES: dict[str, Any] = {
    # requests
    "AddressRequest": {"url": "https://www.youtube.com/watch?v=aqz-KE-bpKQ", "name": "Grand final"},
    "FileRequest": {"path": "/srv/videos/match.mp4", "name": "Grand final"},
    "ProjectChange": {"name": "Grand final, second half", "layout": _LAYOUT},
    "LayoutRequest": _LAYOUT,
    "FolderRequest": {"folder": "/srv/clips"},
    "AnalysisRequest": {
        "preset": "sports",
        "settings": {"target_clip_count_soft": 20},
        "chat": "/srv/videos/final.chat.json",
        "chat_offset": -2.5,
    },
    "RetuneRequest": {"preview": True, "settings": {"overlap_iou_threshold": 0.2}},
    "ClipRequest": {"start": 12.5, "end": 27.0, "name": "Kick-off"},
    "ClipChange": {"end": 1836.0, "name": "Winning goal", "verdict": "kept"},
    "BulkRequest": {"changes": [{"clip_id": _CLIP_ID, "revision": 2, "verdict": "rejected"}]},
    "NeighborRequest": {"neighbor": "next"},
    "SplitRequest": {"at": 1820.0},
    "WordChange": {"start_sec": 1820.1, "end_sec": 1820.4, "text": "Müller", "was": "Miller"},
    "MomentClipsRequest": {"words": "penalty kick"},
    "PartRequest": {"start": 1818.0, "end": 1821.5},
    "MergeRequest": {"clip_ids": [_CLIP_ID, "0123456789abcdef"], "name": "Both goals", "keep": True},
    "CompoundRequest": {
        "name": "Best of the match",
        "items": [{"clip_id": _CLIP_ID}, {"clip_id": _CLIP_ID, "start": 30.0, "end": 40.0}],
        "crossfade_sec": 0.5,
    },
    "CompoundChange": {"items": [{"clip_id": _CLIP_ID}], "crossfade_sec": 0.0},
    "ExportRequest": {"clip_id": _CLIP_ID, "settings": {"cut": "exact", "crf": 20}},
    "BatchRequest": {"top": 5, "settings": {"cut": "smart"}},
    "LinkRequest": {"path": f"/api/projects/{_PROJECT_ID}/video", "lifetime_sec": 600},
    "FolderQuestion": {"path": "/srv/videos", "purpose": "source"},
    # responses
    "ProjectView": _PROJECT,
    "ProjectDetails": {
        **_PROJECT,
        "clip_count": 20,
        "export_count": 1,
        "analyses": [_ANALYSIS],
    },
    "Listing_ProjectView_": _listed(_PROJECT),
    "ClipView": _CLIP,
    "Clips": {"clips": [_CLIP, {**_CLIP, "id": "0123456789abcdef", "name": "Winning goal (2)"}]},
    "Listing_ClipView_": _listed(_CLIP),
    "OperationLog": {**_listed(_OPERATION), "undo": 12, "redo": None, "revision": 14},
    "Replay": {
        "operation": {**_OPERATION, "undone": True, "revision": 15},
        "clips": [{**_CLIP, "verdict": "undecided", "revision": 3}],
        "removed": [],
        "undo": 11,
        "redo": 12,
        "revision": 15,
    },
    "CompoundView": _COMPOUND,
    "Listing_CompoundView_": _listed(_COMPOUND),
    "ExportView": _EXPORT,
    "Listing_ExportView_": _listed(_EXPORT),
    "Job": _JOB,
    "Listing_Job_": _listed(_JOB, 50),
    "RetuneResult": {
        "preview": True,
        "message": "",
        "clips": [_FOUND],
        "added": [],
        "updated": [_CLIP_ID],
        "removed": ["0123456789abcdef"],
        "kept": [],
        "moved": [],
    },
    "ExportLayout": _LAYOUT,
    "FacecamView": {"facecam": "960,540,320,180"},
    "Playback": {
        "playable": False,
        "reason": "browsers don't play HEVC",
        "content_type": "video/mp4",
        "url": f"/api/projects/{_PROJECT_ID}/proxy",
        "proxy": True,
        "frame_rate": 59.94,
        "first_frame_sec": 0.0,
    },
    "AddressProcessing": {
        "url": "https://www.youtube.com/watch?v=aqz-KE-bpKQ",
        "max_height": 1080,
        "chat": "/srv/videos/stream.chat.json",
    },
    "FolderProcessing": {"folder": "/srv/videos", "preset": "sports"},
    "SelectionView": {
        "message": "",
        "excitement": {"step_sec": 7.2, "values": [0.12, 1.94]},
        "anchors": [{"time_sec": 1824.5, "score": 2.31, "reason": "excitement_peak"}],
        "boundaries": [{"starts_at_sec": 1812.36, "ends_at_sec": 1812.36, "kind": "cut", "score": 0.87}],
        "dropped": [
            {
                "start": 1815.0,
                "end": 1830.2,
                "quality_score": 0.41,
                "stage": "overlap",
                "reason": "shares 62% with better clip 4, more than 35%",
                "value": 0.62,
                "limit": 0.35,
                "rival_start": 1812.36,
            }
        ],
    },
    "Signals": {
        "start": 0.0,
        "end": 2.0,
        "step_sec": 1.0,
        "times": [0.0, 1.0],
        "signals": {"motion_score": {"unit": "", "mean": [0.02, 0.31], "min": [0.01, 0.12], "max": [0.04, 0.55]}},
        "absent": {"audio_rms": "the video has no audio stream"},
    },
    "Peaks": {"start": 0.0, "end": 2.0, "step_sec": 1.0, "peaks": [0.0121, 0.4087], "audible": True},
    "Events": {"events": [{"kind": "cut", "start_sec": 1812.36, "end_sec": None, "score": 0.94}], "total": 1},
    "TighteningView": {
        "kept": [{"start": 83.2, "end": 85.1}, {"start": 86.6, "end": 90.0}],
        "removed": [{"start": 85.1, "end": 86.6, "reason": "pause", "text": ""}],
        "removed_sec": 1.5,
    },
    "WordsView": {"words": [{"start_sec": 12.34, "end_sec": 12.61, "text": "Why", "confidence": None}]},
    "TranscriptView": {
        "language": "en",
        "origin": "faster-whisper base",
        "heard": [{"start": 0.0, "end": 3600.0}],
        "words": [{"start_sec": 12.34, "end_sec": 12.61, "text": "Why", "confidence": 0.97}],
        "total": 1,
    },
    "Moments": {
        "items": [
            {
                "project_id": _PROJECT_ID,
                "project": "Grand final",
                "start": 83.2,
                "end": 86.9,
                "text": "We moved the deadline to next Friday.",
            }
        ],
        "searched": 3,
    },
    "CorrectionsRequest": {"corrections": [{"start": 83.2, "end": 84.0, "text": "New York"}]},
    "CorrectionView": {"start": 83.2, "end": 84.0, "text": "New York"},
    "Link": {"url": f"/api/projects/{_PROJECT_ID}/video?expires=1795500000&signature=3f9a", "expires_at": 1795500000},
    "FolderVerdict": {
        "path": "/srv/videos",
        "usable": True,
        "reason": "",
        "free_bytes": 214748364800,
        "video_count": 12,
    },
    "SettingsSchema": {
        "analysis": [_PARAMETER],
        "export": [{**_PARAMETER, "name": "volume", "group": "export"}],
        "platforms": [
            {
                "name": "shorts",
                "title": "YouTube Shorts",
                "shape": "vertical",
                "shortest_sec": 1,
                "longest_sec": 180,
                "largest_bytes": 256_000_000_000,
                "safe_area": {"left": 0.06, "top": 0.12, "right": 0.13, "bottom": 0.25},
            }
        ],
    },
    "DiskUse": {"projects": [{"project_id": _PROJECT_ID, "bytes": 31457280}], "free_bytes": 214748364800},
    "PresetView": {"name": "talk", "text": "Speech: pauses decide.", "settings": {"overlap_iou_threshold": 0.2}},
    "Health": {"status": "ok"},
    "Readiness": {
        "ready": False,
        "checks": [
            {"name": "catalog", "ok": True, "detail": "3 projects"},
            {"name": "store", "ok": True, "detail": "s3://clips/archive"},
            {"name": "prefect", "ok": False, "detail": "http://127.0.0.1:4200/api: no Prefect server answers"},
            {"name": "disk", "ok": True, "detail": "214.7 GB free"},
        ],
    },
    "Version": {
        "autoclip": "0.1.0",
        "extraction": "7",
        "selection": "5",
        "python": "3.11.7",
        "prefect": "3.9.1",
        "duckdb": "1.5.6",
        "pyav": "17.0.0",
    },
}
"""A test validates them against the models, and requires one for each schema of an endpoint."""
