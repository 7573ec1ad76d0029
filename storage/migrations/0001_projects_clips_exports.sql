-- Times are UTC. No foreign keys: DuckDB's make ordinary updates and cascades fail (docs/decisions/0004-catalog-in-duckdb.md).

CREATE TABLE projects (
    id VARCHAR PRIMARY KEY,
    name VARCHAR NOT NULL,
    path VARCHAR,
    fingerprint VARCHAR,
    size_bytes BIGINT,
    duration_sec DOUBLE,
    display_width INTEGER,
    display_height INTEGER,
    state VARCHAR NOT NULL,
    error VARCHAR,
    output_folder VARCHAR,
    revision INTEGER NOT NULL,
    created_at TIMESTAMP NOT NULL,
    updated_at TIMESTAMP NOT NULL
);

CREATE TABLE sources (
    project_id VARCHAR PRIMARY KEY,
    kind VARCHAR NOT NULL,
    address VARCHAR NOT NULL,
    title VARCHAR,
    uploader VARCHAR,
    thumbnail VARCHAR,
    chapters JSON NOT NULL,
    heatmap JSON NOT NULL,
    subtitles JSON NOT NULL
);

CREATE TABLE analyses (
    project_id VARCHAR NOT NULL,
    mode VARCHAR NOT NULL,
    extraction_key VARCHAR NOT NULL,
    selection_key VARCHAR NOT NULL,
    settings JSON NOT NULL,
    message VARCHAR NOT NULL,
    analyzed_at TIMESTAMP NOT NULL,
    PRIMARY KEY (project_id, mode)
);

CREATE TABLE clips (
    id VARCHAR PRIMARY KEY,
    project_id VARCHAR NOT NULL,
    name VARCHAR NOT NULL,
    "start" DOUBLE NOT NULL,
    "end" DOUBLE NOT NULL,
    quality_score DOUBLE NOT NULL,
    anchor_time_sec DOUBLE,
    anchor_reason VARCHAR,
    reason VARCHAR NOT NULL,
    mode VARCHAR,
    scores JSON NOT NULL,
    created_by VARCHAR NOT NULL,
    thumbnail VARCHAR,
    renamed BOOLEAN NOT NULL,
    trimmed BOOLEAN NOT NULL,
    revision INTEGER NOT NULL,
    created_at TIMESTAMP NOT NULL,
    updated_at TIMESTAMP NOT NULL
);

CREATE TABLE compound_clips (
    id VARCHAR PRIMARY KEY,
    project_id VARCHAR NOT NULL,
    name VARCHAR NOT NULL,
    crossfade_sec DOUBLE NOT NULL,
    revision INTEGER NOT NULL,
    created_at TIMESTAMP NOT NULL,
    updated_at TIMESTAMP NOT NULL
);

CREATE TABLE compound_items (
    compound_id VARCHAR NOT NULL,
    "position" INTEGER NOT NULL,
    clip_id VARCHAR NOT NULL,
    "start" DOUBLE,
    "end" DOUBLE,
    PRIMARY KEY (compound_id, "position")
);

CREATE TABLE exports (
    id VARCHAR PRIMARY KEY,
    project_id VARCHAR NOT NULL,
    clip_id VARCHAR,
    compound_id VARCHAR,
    name VARCHAR NOT NULL,
    state VARCHAR NOT NULL,
    path VARCHAR,
    settings JSON NOT NULL,
    command JSON NOT NULL,
    note VARCHAR NOT NULL,
    error VARCHAR,
    size_bytes BIGINT,
    duration_sec DOUBLE,
    job_id VARCHAR,
    revision INTEGER NOT NULL,
    created_at TIMESTAMP NOT NULL,
    updated_at TIMESTAMP NOT NULL
);

CREATE TABLE fingerprints (
    path VARCHAR PRIMARY KEY,
    size BIGINT NOT NULL,
    device UBIGINT NOT NULL,
    inode UBIGINT NOT NULL,
    mtime_ns BIGINT NOT NULL,
    ctime_ns BIGINT NOT NULL,
    fingerprint VARCHAR NOT NULL
);
