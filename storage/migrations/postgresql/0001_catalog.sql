-- The tables of the DuckDB catalog, with what PostgreSQL can hold them to besides: checks, references, indexes.
-- Names and columns are those of DuckDB's; a test compares them.

-- Texts sort by code point, as DuckDB and Python sort them, whatever the locale of the database is.
DO $$
BEGIN
    IF current_setting('server_version_num')::integer >= 170000 THEN
        CREATE COLLATION code_point (provider = builtin, locale = 'C.UTF-8');
    ELSE
        CREATE COLLATION code_point (provider = libc, locale = 'C.UTF-8');
    END IF;
END $$;

-- Two functions of DuckDB that the statements of all repositories use.
CREATE FUNCTION from_json(json, text) RETURNS text[] IMMUTABLE STRICT LANGUAGE sql
    RETURN (SELECT coalesce(array_agg(value), '{}') FROM json_array_elements_text($1) AS value);

-- The second text is a bound value, folded by the locale of the database, which may know ASCII alone.
CREATE FUNCTION contains(text, text) RETURNS boolean IMMUTABLE STRICT LANGUAGE sql
    RETURN strpos($1, lower($2 COLLATE code_point)) > 0;

CREATE TABLE projects (
    id TEXT COLLATE code_point PRIMARY KEY,
    name TEXT COLLATE code_point NOT NULL,
    path TEXT COLLATE code_point,
    fingerprint TEXT COLLATE code_point,
    size_bytes BIGINT CHECK (size_bytes >= 0),
    duration_sec DOUBLE PRECISION CHECK (duration_sec >= 0),
    display_width INTEGER,
    display_height INTEGER,
    state TEXT COLLATE code_point NOT NULL CHECK (state IN ('created', 'ready', 'analyzed', 'failed')),
    error TEXT COLLATE code_point,
    output_folder TEXT COLLATE code_point,
    revision INTEGER NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    deleted_at TIMESTAMPTZ
);
CREATE INDEX projects_by_creation ON projects (created_at, id);
CREATE INDEX projects_by_path ON projects (path);
CREATE INDEX projects_by_fingerprint ON projects (fingerprint);

CREATE TABLE sources (
    project_id TEXT COLLATE code_point PRIMARY KEY REFERENCES projects ON DELETE CASCADE,
    kind TEXT COLLATE code_point NOT NULL CHECK (kind IN ('url', 'file', 'upload')),
    address TEXT COLLATE code_point NOT NULL,
    title TEXT COLLATE code_point,
    uploader TEXT COLLATE code_point,
    thumbnail TEXT COLLATE code_point,
    chapters JSON NOT NULL,
    heatmap JSON NOT NULL,
    subtitles JSON NOT NULL
);
CREATE INDEX sources_by_address ON sources (address);

CREATE TABLE analyses (
    project_id TEXT COLLATE code_point NOT NULL REFERENCES projects ON DELETE CASCADE,
    mode TEXT COLLATE code_point NOT NULL CHECK (mode IN ('v1', 'v2')),
    extraction_key TEXT COLLATE code_point NOT NULL,
    selection_key TEXT COLLATE code_point NOT NULL,
    settings JSON NOT NULL,
    message TEXT COLLATE code_point NOT NULL,
    analyzed_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (project_id, mode)
);

CREATE TABLE clips (
    id TEXT COLLATE code_point PRIMARY KEY,
    project_id TEXT COLLATE code_point NOT NULL REFERENCES projects ON DELETE CASCADE,
    name TEXT COLLATE code_point NOT NULL,
    "start" DOUBLE PRECISION NOT NULL CHECK ("start" >= 0),
    "end" DOUBLE PRECISION NOT NULL CHECK ("end" > "start"),
    quality_score DOUBLE PRECISION NOT NULL,
    anchor_time_sec DOUBLE PRECISION,
    anchor_reason TEXT COLLATE code_point,
    reason TEXT COLLATE code_point NOT NULL,
    mode TEXT COLLATE code_point CHECK (mode IN ('v1', 'v2')),
    scores JSON NOT NULL,
    created_by TEXT COLLATE code_point NOT NULL CHECK (created_by IN ('auto', 'manual')),
    thumbnail TEXT COLLATE code_point,
    renamed BOOLEAN NOT NULL,
    trimmed BOOLEAN NOT NULL,
    revision INTEGER NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    verdict TEXT COLLATE code_point NOT NULL DEFAULT 'undecided' CHECK (verdict IN ('undecided', 'kept', 'rejected'))
);
CREATE INDEX clips_by_project ON clips (project_id);

CREATE TABLE compound_clips (
    id TEXT COLLATE code_point PRIMARY KEY,
    project_id TEXT COLLATE code_point NOT NULL REFERENCES projects ON DELETE CASCADE,
    name TEXT COLLATE code_point NOT NULL,
    crossfade_sec DOUBLE PRECISION NOT NULL,
    revision INTEGER NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL
);
CREATE INDEX compound_clips_by_project ON compound_clips (project_id);

-- clip_id refers to no table: an analysis replaces clips in use by removing and adding them in one transaction.
CREATE TABLE compound_items (
    compound_id TEXT COLLATE code_point NOT NULL REFERENCES compound_clips ON DELETE CASCADE,
    "position" INTEGER NOT NULL,
    clip_id TEXT COLLATE code_point NOT NULL,
    "start" DOUBLE PRECISION,
    "end" DOUBLE PRECISION,
    PRIMARY KEY (compound_id, "position")
);
CREATE INDEX compound_items_by_clip ON compound_items (clip_id);

CREATE TABLE exports (
    id TEXT COLLATE code_point PRIMARY KEY,
    project_id TEXT COLLATE code_point NOT NULL REFERENCES projects ON DELETE CASCADE,
    clip_id TEXT COLLATE code_point,
    compound_id TEXT COLLATE code_point,
    name TEXT COLLATE code_point NOT NULL,
    state TEXT COLLATE code_point NOT NULL CHECK (state IN ('pending', 'running', 'completed', 'failed', 'cancelled')),
    path TEXT COLLATE code_point,
    settings JSON NOT NULL,
    command JSON NOT NULL,
    note TEXT COLLATE code_point NOT NULL,
    error TEXT COLLATE code_point,
    size_bytes BIGINT,
    duration_sec DOUBLE PRECISION,
    job_id TEXT COLLATE code_point,
    revision INTEGER NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL
);
CREATE INDEX exports_by_project ON exports (project_id);

CREATE TABLE operations (
    project_id TEXT COLLATE code_point NOT NULL REFERENCES projects ON DELETE CASCADE,
    number INTEGER NOT NULL,
    kind TEXT COLLATE code_point NOT NULL,
    undone BOOLEAN NOT NULL,
    revision INTEGER NOT NULL,
    changes JSON NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (project_id, number)
);

-- Device and inode are unsigned 64-bit numbers.
CREATE TABLE fingerprints (
    path TEXT COLLATE code_point PRIMARY KEY,
    size BIGINT NOT NULL,
    device NUMERIC(20) NOT NULL,
    inode NUMERIC(20) NOT NULL,
    mtime_ns BIGINT NOT NULL,
    ctime_ns BIGINT NOT NULL,
    fingerprint TEXT COLLATE code_point NOT NULL
);
