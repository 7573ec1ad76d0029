-- How the exports of a project fill their shape, corrected once for all its clips; null where nobody did.

ALTER TABLE projects ADD COLUMN layout JSON;
