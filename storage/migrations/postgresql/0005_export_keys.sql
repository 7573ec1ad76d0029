-- A digest of all that an exported file was made from; null in exports of before.

ALTER TABLE exports ADD COLUMN export_key VARCHAR;
