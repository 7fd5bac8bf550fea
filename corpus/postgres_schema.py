"""The schema of the store as PostgreSQL has it, with tables for originals, jobs and the version of it."""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from citewell.corpus.database import SCHEMA, SCHEMA_VERSION, Database, Place
from citewell.corpus.errors import TruthMismatch

if TYPE_CHECKING:
    from citewell.corpus.postgres_connection import Connection

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


def tables(connection: "Connection", schema: str) -> list[str]:
    """The store's, and those beside them."""
    query = "SELECT tablename FROM pg_tables WHERE schemaname = %s"
    return [str(name) for (name,) in connection.execute(query, (schema,))]


def is_there(connection: "Connection", schema: str, place: Place) -> bool:
    """Whether the tables are. Raises TruthMismatch, with nothing touched, for others."""
    found = tables(connection, schema)
    version: object = 0
    if "citewell_schema" in found:
        row = connection.execute("SELECT version FROM citewell_schema").fetchone()
        version = row[0] if row else 0
    if found and version != SCHEMA_VERSION:
        raise TruthMismatch(
            f"{place} was made by another version of citewell or another program (schema {version}, this one reads "
            f"{SCHEMA_VERSION}). Use that version, or another schema: ...?schema=NAME"
        )
    return bool(found)


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
