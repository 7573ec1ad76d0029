-- A person's verdict on a clip, the log of what people and analyses changed, and projects that wait to be removed.

ALTER TABLE clips ADD COLUMN verdict VARCHAR DEFAULT 'undecided';

ALTER TABLE projects ADD COLUMN deleted_at TIMESTAMP;

CREATE TABLE operations (
    project_id VARCHAR NOT NULL,
    number INTEGER NOT NULL,
    kind VARCHAR NOT NULL,
    undone BOOLEAN NOT NULL,
    revision INTEGER NOT NULL,
    changes JSON NOT NULL,
    created_at TIMESTAMP NOT NULL,
    PRIMARY KEY (project_id, number)
);
