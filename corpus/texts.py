"""The texts that the store holds, and the spans of each: read by the name of the text and checked against it."""

from citewell.corpus.article import Cut, Passage, Span
from citewell.corpus.database import Database, Place
from citewell.corpus.errors import CorruptLibrary
from citewell.corpus.repeated import site_of
from citewell.corpus.rows import EXCLUDED_COLUMNS, PASSAGE_COLUMNS, excluded_of, passage_of
from citewell.corpus.text import text_sha

_LONGEST = 1 << 62  # no text is: databases take no greater numbers


class Texts:
    """That part of the store which is of texts, whatever article has them."""

    database: Database

    @property
    def place(self) -> Place:
        return self.database.place

    def titled_texts(self) -> list[tuple[str, str]]:
        """Each stored text's name with each title that a revision gives it, in order."""
        return self.database.rows("SELECT DISTINCT text_sha, title FROM revisions ORDER BY text_sha, title")

    def text_shas(self) -> list[str]:
        """Names of all stored texts."""
        return [str(row[0]) for row in self.database.rows("SELECT sha FROM texts ORDER BY sha")]

    def site_of_text(self, sha: str) -> str:
        """That of the revision that had the text first: what is left out of a text goes by that."""
        query = "SELECT source FROM revisions WHERE text_sha = ? ORDER BY change LIMIT 1"
        return site_of(self._one(query, sha))

    def text(self, sha: str) -> str:
        """The text of that name, checked against it. Raises CorruptLibrary if it was altered or is gone."""
        rows = self.database.rows("SELECT text FROM texts WHERE sha = ?", sha)
        return self._checked(rows[0][0] if rows else None, sha)

    def _checked(self, text: object, sha: str) -> str:
        if not isinstance(text, str) or text_sha(text) != sha:
            raise CorruptLibrary(
                f"{self.place}: the text {sha[:12]} is missing or altered. Restore the library from a backup, or add "
                "the article again to a new one."
            )
        return text

    def cut_recipe(self, sha: str) -> str:
        """How the spans of a text were made."""
        return self._one("SELECT cut_recipe FROM texts WHERE sha = ?", sha)

    def cut(self, sha: str) -> Cut:
        """The spans of a text. Raises CorruptLibrary if one was altered."""
        rows = self.database.rows(  # at once: another process may be cutting it anew
            f"SELECT 1, {PASSAGE_COLUMNS} FROM passages WHERE text_sha = ? UNION ALL "
            f"SELECT 2, {EXCLUDED_COLUMNS} FROM excluded WHERE text_sha = ? ORDER BY 1, 3",
            sha,
            sha,
        )
        return Cut(
            tuple(passage_of(tuple(row), self.place) for kind, *row in rows if kind == 1),
            tuple(excluded_of(tuple(row), self.place) for kind, *row in rows if kind == 2),
        )

    def passage(self, sha: str, span: Span) -> Passage | None:
        """The stored passage of exactly that span."""
        if span.end >= _LONGEST:
            return None
        rows = self.database.rows(
            f'SELECT {PASSAGE_COLUMNS} FROM passages WHERE text_sha = ? AND start = ? AND "end" = ?',
            sha,
            span.start,
            span.end,
        )
        return passage_of(rows[0], self.place) if rows else None

    def _one(self, query: str, *values: object) -> str:
        rows = self.database.rows(query, *values)
        if not rows:
            raise CorruptLibrary(
                f"{self.place}: a row is missing. Restore the library from a backup, or make a new one from the articles."
            )
        return str(rows[0][0])
