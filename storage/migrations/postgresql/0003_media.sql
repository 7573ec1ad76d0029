-- What probing found in a project's video; null in projects of before, until their video is next opened for an analysis.

ALTER TABLE projects ADD COLUMN media JSON;
