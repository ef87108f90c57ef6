"""The tables of a gradebook.  docs/gradebook.md tells what each column means."""

from __future__ import annotations

from typing import Final

VERSION: Final = 2

POLICY_TABLES: Final = """
CREATE TABLE aliases (
    submission TEXT NOT NULL REFERENCES submissions (id),
    alias TEXT NOT NULL,
    PRIMARY KEY (submission, alias)
) STRICT, WITHOUT ROWID;

CREATE TABLE file_times (
    submission TEXT PRIMARY KEY REFERENCES submissions (id),
    modified_at TEXT NOT NULL
) STRICT;

CREATE TABLE overrides (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    submission TEXT NOT NULL REFERENCES submissions (id),
    part TEXT NOT NULL,
    test TEXT,
    kind TEXT NOT NULL CHECK (kind IN ('add', 'set')),
    points REAL NOT NULL,
    why TEXT NOT NULL,
    author TEXT NOT NULL,
    made_at TEXT NOT NULL,
    attempt INTEGER NOT NULL REFERENCES attempts (id),
    old REAL,
    undone_at TEXT,
    undone_by TEXT
) STRICT;

CREATE INDEX overrides_of_submission ON overrides (submission, id);
"""
"""What version 2 has besides version 1."""

UPGRADES: Final = {1: POLICY_TABLES}
"""What makes the next version of each older one."""

TABLES: Final = (
    """
CREATE TABLE settings (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT;

CREATE TABLE runs (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    started_at TEXT NOT NULL,
    ended_at TEXT,
    ending TEXT CHECK (ending IN ('complete', 'incomplete', 'interrupted')),
    folder TEXT NOT NULL,
    seed TEXT NOT NULL,
    jobs INTEGER NOT NULL
) STRICT;

CREATE TABLE environments (
    id INTEGER PRIMARY KEY,
    digest TEXT NOT NULL UNIQUE
) STRICT;

CREATE TABLE environment_facts (
    environment INTEGER NOT NULL REFERENCES environments (id),
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (environment, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE suites (
    id INTEGER PRIMARY KEY,
    digest TEXT NOT NULL UNIQUE
) STRICT;

CREATE TABLE suite_parts (
    suite INTEGER NOT NULL REFERENCES suites (id),
    position INTEGER NOT NULL,
    name TEXT NOT NULL,
    title TEXT NOT NULL,
    max_score REAL NOT NULL,
    PRIMARY KEY (suite, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE tests (
    id INTEGER PRIMARY KEY,
    part TEXT NOT NULL,
    name TEXT NOT NULL,
    title TEXT NOT NULL,
    max_score REAL NOT NULL,
    digest TEXT NOT NULL,
    hints TEXT NOT NULL,
    UNIQUE (part, name, digest, hints)
) STRICT;

CREATE TABLE suite_tests (
    suite INTEGER NOT NULL REFERENCES suites (id),
    position INTEGER NOT NULL,
    test INTEGER NOT NULL REFERENCES tests (id),
    PRIMARY KEY (suite, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE submissions (
    id TEXT PRIMARY KEY,
    student TEXT NOT NULL,
    name TEXT,
    folder TEXT NOT NULL,
    path TEXT NOT NULL,
    layout TEXT NOT NULL,
    attempt INTEGER NOT NULL,
    submitted_at TEXT,
    late INTEGER CHECK (late IN (0, 1)),
    counts INTEGER NOT NULL CHECK (counts IN (0, 1)),
    present INTEGER NOT NULL CHECK (present IN (0, 1))
) STRICT;

CREATE TABLE absent (
    student TEXT PRIMARY KEY,
    name TEXT
) STRICT;

CREATE TABLE attempts (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    submission TEXT NOT NULL REFERENCES submissions (id),
    run INTEGER NOT NULL REFERENCES runs (id),
    made_at TEXT NOT NULL,
    content TEXT NOT NULL,
    digest TEXT,
    suite INTEGER NOT NULL REFERENCES suites (id),
    environment INTEGER NOT NULL REFERENCES environments (id),
    seed TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('graded', 'unreadable', 'unchecked')),
    message TEXT,
    score REAL,
    max_score REAL NOT NULL,
    seconds REAL NOT NULL,
    file TEXT,
    why TEXT,
    published INTEGER NOT NULL DEFAULT 0 CHECK (published IN (0, 1))
) STRICT;

CREATE INDEX attempts_of_submission ON attempts (submission, id);

CREATE TABLE attempt_parts (
    attempt INTEGER NOT NULL REFERENCES attempts (id),
    position INTEGER NOT NULL,
    score REAL,
    PRIMARY KEY (attempt, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE outcomes (
    attempt INTEGER NOT NULL REFERENCES attempts (id),
    test INTEGER NOT NULL REFERENCES tests (id),
    made_in INTEGER NOT NULL REFERENCES attempts (id),
    outcome TEXT NOT NULL,
    score REAL,
    seconds REAL NOT NULL,
    message TEXT,
    hint TEXT,
    own TEXT,
    printed TEXT,
    PRIMARY KEY (attempt, test)
) STRICT, WITHOUT ROWID;

CREATE TABLE exhibits (
    attempt INTEGER NOT NULL,
    test INTEGER NOT NULL,
    position INTEGER NOT NULL,
    kind TEXT NOT NULL,
    data TEXT NOT NULL,
    PRIMARY KEY (attempt, test, position),
    FOREIGN KEY (attempt, test) REFERENCES outcomes (attempt, test)
) STRICT, WITHOUT ROWID;

CREATE TABLE reading_cells (
    attempt INTEGER NOT NULL REFERENCES attempts (id),
    position INTEGER NOT NULL,
    cell INTEGER,
    use TEXT NOT NULL,
    reason TEXT NOT NULL,
    PRIMARY KEY (attempt, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE reading_names (
    attempt INTEGER NOT NULL REFERENCES attempts (id),
    position INTEGER NOT NULL,
    name TEXT NOT NULL,
    found INTEGER NOT NULL CHECK (found IN (0, 1)),
    PRIMARY KEY (attempt, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE reading_notes (
    attempt INTEGER NOT NULL REFERENCES attempts (id),
    position INTEGER NOT NULL,
    note TEXT NOT NULL,
    PRIMARY KEY (attempt, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE troubles (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    run INTEGER NOT NULL REFERENCES runs (id),
    submission TEXT,
    made_at TEXT NOT NULL,
    what TEXT NOT NULL
) STRICT;

CREATE VIEW results AS
SELECT attempts.*
FROM attempts
JOIN submissions ON submissions.id = attempts.submission
WHERE attempts.id = (SELECT max(id) FROM attempts AS other WHERE other.submission = attempts.submission)
  AND submissions.present AND submissions.counts;
"""
    + POLICY_TABLES
)
