-- The list of projects as it is asked for: those that are not deleted, latest first, without sorting all of them.

CREATE INDEX projects_listed ON projects (created_at DESC NULLS LAST, id) WHERE deleted_at IS NULL;

DROP INDEX projects_by_creation;
