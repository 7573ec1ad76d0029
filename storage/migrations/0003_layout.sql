-- One file a project: which folder beside this file holds them. A file without a row here holds the projects itself.

CREATE TABLE layout (generation VARCHAR NOT NULL);
