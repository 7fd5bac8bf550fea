"""What the store holds, read: revisions, texts and spans, each checked against its digest."""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import groupby
from pathlib import Path

from citewell.corpus.article import Article, Cut
from citewell.corpus.changed import Changed
from citewell.corpus.database import Database
from citewell.corpus.errors import BadInput, CorruptLibrary, NotWhole, UnknownArticle
from citewell.corpus.originals import OriginalFiles, Originals
from citewell.corpus.own import Own, OwnFiles, OwnRows
from citewell.corpus.pages import check_pages, pages_in, pages_of
from citewell.corpus.repeated import Repeated
from citewell.corpus.rows import (
    ARTICLE_COLUMNS,
    CHANGE_COLUMNS,
    POINTER_COLUMNS,
    REPEATED_COLUMNS,
    SOURCE_COLUMNS,
    article_of,
    change_of,
    check_pointer,
    damaged,
    keeping_of,
    live_article_of,
    repeated_of,
    source_of,
)
from citewell.corpus.server import Server
from citewell.corpus.sources import Source
from citewell.corpus.sqlite import SqliteDatabase

ORIGINALS = "originals"  # the folder beside the database
ALL = 1 << 62
MOVING = "moving "  # stands in the place of the former epoch until all of another's content is there
_LIVE = f"SELECT {POINTER_COLUMNS}, {ARTICLE_COLUMNS} FROM articles LEFT JOIN revisions ON id = article_id AND live = number"


class Stored(Changed):
    """The reading half of the store. Whatever was altered on disk is raised as CorruptLibrary."""

    def __init__(self, at: Path | Server, create: bool = False, whole: bool = True) -> None:
        """Raises LibraryMissing if there is none and `create` is false, CorruptLibrary if it cannot be read.

        Raises NotWhole if something is still being moved to it, unless it need not be whole.
        """
        self.database, self.originals = opened(at, create)
        self.own: Own = OwnFiles(at.parent) if isinstance(at, Path) else OwnRows(self.database)
        if whole and (moving := self.moving()):
            self.close()
            raise NotWhole(self.place.folder, moving[1])

    def is_current(self) -> bool:
        """Whether what was opened is what has the name now."""
        return self.database.is_current()

    def close(self) -> None:
        self.database.close()

    def faults(self) -> list[str]:
        """What is wrong with the file and with what it says of articles. Texts and spans are checked when they are read."""
        if found := self.database.faults():
            return found
        try:
            for row in self.database.rows(f"SELECT {POINTER_COLUMNS} FROM articles"):
                check_pointer(row, self.place)
            for row in self.database.rows(f"SELECT {ARTICLE_COLUMNS} FROM revisions"):
                article_of(row, self.place)
            for row in self.database.rows(f"SELECT {CHANGE_COLUMNS} FROM changes"):
                change_of(row, self.place)
            self.kept_revisions()
            self.repeated()
            self.sources()
            check_pages(self.database)
        except CorruptLibrary as error:
            return [str(error)]
        return []

    def epoch(self) -> str:
        """Changes when the store is replaced as a whole: change numbers of two epochs cannot be compared."""
        return self._one("SELECT epoch FROM library")

    def former_epoch(self) -> str:
        """That of the index whose place this store's content took; empty for a store that is no restored one."""
        return self._one("SELECT former FROM library")

    def moving(self) -> tuple[int, str] | None:
        """Of a store that another's content is being moved to: the change after which that may have erased, and its folder."""
        former = self.former_epoch()
        if not former.startswith(MOVING):
            return None
        change, _, folder = former.removeprefix(MOVING).partition(" ")
        return int(change), folder

    def revisions(self, article_id: str) -> list[Article]:
        """All revisions of an article, the first one first; of a removed one, too."""
        rows = self.database.rows(
            f"SELECT {ARTICLE_COLUMNS} FROM revisions WHERE article_id = ? ORDER BY number", article_id
        )
        return [article_of(row, self.place) for row in rows]

    def has(self, article_id: str, revision: int) -> bool:
        """Whether a revision is kept. One that is not is older than those that are: else raises CorruptLibrary."""
        of_article = "FROM revisions WHERE article_id = ?"
        if self.database.rows(f"SELECT 1 {of_article} AND number = ?", article_id, revision):
            return True
        ((oldest,),) = self.database.rows(f"SELECT min(number) {of_article}", article_id)
        if oldest is None and self.database.rows("SELECT 1 FROM articles WHERE id = ?", article_id):
            raise damaged(self.place, article_id)
        if oldest is not None and oldest < revision:
            raise damaged(self.place, article_id)
        return False

    def superseded(self) -> Iterator[Article]:
        """All revisions that are kept and not live, in order of article and number."""
        for (article_id,) in self.database.rows(
            "SELECT DISTINCT article_id FROM revisions JOIN articles ON id = article_id WHERE live IS NULL OR live <> number "
            "ORDER BY article_id"
        ):
            live = [article.revision for article in self.live([article_id])]
            yield from (each for each in self.revisions(article_id) if each.revision not in live)

    def repeated(self) -> list[Repeated]:
        """The lines that are left out of the articles of their site."""
        rows = self.database.rows(
            f"SELECT {REPEATED_COLUMNS} FROM repeated ORDER BY site, articles DESC, line"
        )
        return [repeated_of(row, self.place) for row in rows]

    def lines_of_sites(self) -> dict[str, frozenset[str]]:
        """The same, by site."""
        found = groupby(self.repeated(), key=lambda each: each.site)
        return {site: frozenset(each.line for each in lines) for site, lines in found}

    def sources(self) -> list[Source]:
        """That are mirrored, in order."""
        rows = self.database.rows(f"SELECT {SOURCE_COLUMNS} FROM sources ORDER BY place")
        return [source_of(row, self.place) for row in rows]

    def kept_revisions(self) -> int | None:
        """How many revisions are kept of each article; None for all."""
        rows = self.database.rows("SELECT revisions, digest FROM keeping")
        return keeping_of(rows[0], self.place) if rows else None

    def original_shas(self) -> list[str]:
        """Names of all originals that are files of their own, in order; of articles put without theirs there is none."""
        rows = self.database.rows(
            "SELECT DISTINCT original_sha FROM revisions WHERE original_sha NOT IN (text_sha, '') ORDER BY original_sha"
        )
        return [str(row[0]) for row in rows]

    def pages(self, article: Article) -> tuple[int, ...]:
        """Where the pages of a revision's text start; none if it has no pages."""
        return pages_of(self.database, article)

    def articles(self, after: str = "", limit: int = ALL) -> list[Article]:
        """Live articles with an id greater than `after`, ordered by id."""
        rows = self.database.rows(
            f"{_LIVE} WHERE live IS NOT NULL AND id > ? ORDER BY id LIMIT ?", after, limit
        )
        return [live_article_of(row, self.place) for row in rows]

    def articles_from(self, start: str) -> list[Article]:
        """Live articles whose source starts so, ordered by id."""
        rows = self.database.rows(
            f"{_LIVE} WHERE live IS NOT NULL AND substr(source, 1, ?) = ? ORDER BY id", len(start), start
        )
        return [live_article_of(row, self.place) for row in rows]

    def article_ids(self) -> set[str]:
        """Of all articles, removed ones too."""
        return {str(row[0]) for row in self.database.rows("SELECT id FROM articles")}

    def live(self, article_ids: Iterable[str]) -> Iterator[Article]:
        """Those of the articles that are live."""
        for article_id in article_ids:
            with suppress(UnknownArticle):
                yield self.article(article_id)

    def article(self, article_id: str, revision: int | None = None) -> Article:
        """The live revision of an article, or the one asked for. Raises UnknownArticle."""
        if revision is None:
            rows = self.database.rows(f"{_LIVE} WHERE live IS NOT NULL AND id = ?", article_id)
        else:
            rows = self.database.rows(
                f"SELECT {ARTICLE_COLUMNS} FROM revisions WHERE article_id = ? AND number = ?",
                article_id,
                revision,
            )
        if not rows:
            raise UnknownArticle(article_id)
        return (live_article_of if revision is None else article_of)(rows[0], self.place)

    def revision(self, article_id: str, revision: int) -> tuple[Article, str, tuple[int, ...]]:
        """A revision with its text and where its pages start, read at once. Raises UnknownArticle."""
        pages = "FROM pages WHERE pages.text_sha = revisions.text_sha AND pages.original_sha = revisions.original_sha"
        rows = self.database.rows(
            f"SELECT (SELECT text FROM texts WHERE sha = revisions.text_sha), (SELECT starts {pages}), "
            f"(SELECT pages.digest {pages}), {ARTICLE_COLUMNS} FROM revisions WHERE article_id = ? AND number = ?",
            article_id,
            revision,
        )
        if not rows:
            raise UnknownArticle(article_id)
        text, starts, digest, *row = rows[0]
        article = article_of(tuple(row), self.place)
        return article, self._checked(text, article.text_sha), pages_in(article, starts, digest, self.place)

    def cut_revision(self, article_id: str, revision: int | None = None) -> tuple[Article, str, Cut]:
        """The live revision of an article, or the one asked for, with its text and the spans of that. Raises UnknownArticle."""
        while True:
            known = self.article(article_id, revision)
            cut = self.cut(known.text_sha)
            try:
                article, text, _ = self.revision(article_id, known.revision)
            except UnknownArticle:  # it was erased meanwhile, and its spans may have been before
                continue
            return article, text, cut

    def article_with_text(self, article_id: str, sha12: str) -> Article | None:
        """The newest revision of an article whose text's SHA begins so."""
        rows = self.database.rows(
            f"SELECT {ARTICLE_COLUMNS} FROM revisions WHERE article_id = ? AND substr(text_sha, 1, 12) = ? "
            "ORDER BY number DESC LIMIT 1",
            article_id,
            sha12,
        )
        return article_of(rows[0], self.place) if rows else None


def opened(at: Path | Server, create: bool) -> tuple[Database, Originals]:
    """What holds the rows of a store, and what its originals. Raises BadInput if the server's client is not installed."""
    if isinstance(at, Path):
        return SqliteDatabase(at, create), OriginalFiles(at.parent / ORIGINALS)
    try:
        from citewell.corpus.original_rows import OriginalRows
        from citewell.corpus.postgres import PostgresDatabase
    except ModuleNotFoundError as error:
        raise BadInput(
            f"truth names a PostgreSQL server, for which {error.name} is not installed: pip install 'citewell[postgres]'"
        ) from None
    database = PostgresDatabase(at, create)
    return database, OriginalRows(database)
