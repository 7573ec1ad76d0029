-- What probing found in a project's video, so that no one has to open the file again to know its frame rate or timecode.
-- Null in projects of before: it is filled when their video is next opened for an analysis.

ALTER TABLE projects ADD COLUMN media JSON;
