"""The schema of the store as PostgreSQL has it, with tables for originals, jobs and the version of it."""

import re
from collections.abc import Iterator

from citewell.corpus.database import SCHEMA, Database

ALSO = """
CREATE TABLE originals (sha TEXT PRIMARY KEY, content BYTEA NOT NULL);
ALTER TABLE originals ALTER content SET STORAGE EXTERNAL;
CREATE TABLE jobs (id TEXT PRIMARY KEY, number INTEGER NOT NULL UNIQUE, state TEXT NOT NULL, articles INTEGER NOT NULL,
    reason TEXT, created TEXT NOT NULL, changed TEXT NOT NULL);
CREATE TABLE items (job INTEGER NOT NULL, number INTEGER NOT NULL, article_id TEXT NOT NULL, article TEXT, result TEXT,
    reason TEXT, PRIMARY KEY (job, number));
CREATE INDEX waiting ON items (job, number) WHERE result IS NULL;
CREATE TABLE citewell_schema (version INTEGER NOT NULL);
"""


def statements(schema: str = SCHEMA + ALSO) -> list[str]:
    """That make the tables. Texts sort by code points, as SQLite's do."""
    for ours, theirs in (
        (" STRICT", ""),
        (", WITHOUT ROWID", ""),
        (" AUTOINCREMENT", ""),
        ("INTEGER", "BIGINT"),
        ("BLOB", "BYTEA"),
        (" TEXT", ' TEXT COLLATE "C"'),
    ):
        schema = schema.replace(ours, theirs)
    return [statement for statement in schema.split(";") if statement.strip()]


def have(database: Database, schema: str) -> None:
    """Make the tables of a schema (CREATE TABLE IF NOT EXISTS) beside the store's, unless all are there."""
    rows = database.rows("SELECT tablename FROM pg_tables WHERE schemaname = current_schema()")
    if not set(re.findall(r"CREATE TABLE IF NOT EXISTS (\w+)", schema)) <= {name for (name,) in rows}:
        with database.transaction() as db:
            for statement in statements(schema):
                db.execute(statement)


def references() -> Iterator[tuple[str, str]]:
    """For each reference of the schema a query for a row without what it refers to, and what to say of it."""
    for table, body in re.findall(r"CREATE TABLE (\w+) \((.*?)\) STRICT", SCHEMA, re.DOTALL):
        for column, other in re.findall(r"(\w+) \w+ NOT NULL REFERENCES (\w+)", body):
            key = re.search(rf"CREATE TABLE {other} \((\w+)", SCHEMA)
            assert key is not None
            yield (
                f"SELECT 1 FROM {table} WHERE NOT EXISTS "
                f"(SELECT 1 FROM {other} WHERE {other}.{key[1]} = {table}.{column}) LIMIT 1",
                f"a row of {table} refers to one of {other} that is missing",
            )
