"""Reading articles again from their originals: what today's readers make of them becomes a new revision where it differs.

Which ones read as before is noted once their batch is published, so that they are read again only by a later reader.
That file is derived: losing it costs reading them again.
"""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import astuple, dataclass
from pathlib import Path

from citewell.corpus.article import Article
from citewell.corpus.reader import is_of_today, read_as, recipe_of
from citewell.corpus.rereading import Kept, has_original
from citewell.index.derived import DerivedFile, many
from citewell.index.embedding import Progress
from citewell.index.library import Library
from citewell.index.writing import Outcome, batches

ALIKE = "alike.db"


@dataclass(frozen=True, slots=True)
class Reread:
    """What became of the articles that were read, or in a dry run which would be; `unchanged` ones are not listed.

    Of so many articles the original is not kept.
    """

    dry_run: bool
    articles: tuple[Outcome, ...]
    unchanged: int
    without_original: int


class Alike(DerivedFile):
    """Digests of revisions with the recipe by which they read as they did before: no word of them."""

    def __init__(self, file: Path) -> None:
        schema = "CREATE TABLE IF NOT EXISTS alike (digest TEXT PRIMARY KEY) STRICT, WITHOUT ROWID"
        super().__init__(file, schema, "SELECT digest FROM alike LIMIT 1")

    def all(self) -> set[str]:
        rows: list[tuple[str]] = self.run(lambda db: db.execute("SELECT digest FROM alike").fetchall())
        return {digest for (digest,) in rows}

    def put(self, articles: Iterable[Article]) -> None:
        rows = [(_digest(article),) for article in articles]
        self.run(lambda db: many(db, "INSERT OR IGNORE INTO alike VALUES (?)", rows))


def _digest(article: Article) -> str:
    kind = read_as(article.reader)
    said = (*astuple(article)[:8], sorted(article.metadata.items()), *astuple(article)[9:])
    return hashlib.sha256(repr((recipe_of(kind) if kind else "", said)).encode()).hexdigest()


def dry_run(library: Library, article_ids: Sequence[str] = (), everything: bool = False) -> Reread:
    """Which articles would be read. None is, and nothing is changed."""
    there = (library.folder / ALIKE).is_file()
    chosen, without = _chosen(library, article_ids, everything, there)
    return Reread(
        True, tuple(Outcome(article.article_id, "read", article.article_id) for article in chosen), 0, without
    )


def reread(
    library: Library,
    article_ids: Sequence[str] = (),
    everything: bool = False,
    progress: Progress = lambda *_: None,
    read: Progress = lambda *_: None,
) -> Reread:
    """Read the live articles that an earlier reader made, or everything, or those that are named.

    What cannot be read stays as it is and is reported. Raises UnknownArticle before anything is done. `read` is told how
    many were read.
    """
    chosen, without = _chosen(library, article_ids, everything, True)
    outcomes: list[Outcome] = []
    with closing(Alike(library.folder / ALIKE)) as alike:
        items = [Kept(article, library.store) for article in chosen]
        if items or library.is_behind():
            with closing(batches(library, _counted(items, read), progress)) as published:
                for batch in published:
                    alike.put(
                        each.file.article
                        for each in batch
                        if isinstance(each.file, Kept) and each.outcome.result == "unchanged"
                    )
                    outcomes += [each.outcome for each in batch]
    told = tuple(each for each in outcomes if each.result != "unchanged")
    return Reread(False, told, len(outcomes) - len(told), without)


def _chosen(
    library: Library, article_ids: Sequence[str], everything: bool, noted: bool
) -> tuple[list[Article], int]:
    """Those to be read, and how many have no original."""
    if article_ids:
        return [library.store.article(name) for name in dict.fromkeys(article_ids)], 0
    articles = library.store.articles()
    kept = [article for article in articles if has_original(article)]
    without = len(articles) - len(kept)
    if everything:
        return kept, without
    earlier = [article for article in kept if not is_of_today(article.reader)]
    if not (earlier and noted):
        return earlier, without
    with closing(Alike(library.folder / ALIKE)) as alike:
        known = alike.all()
    return [article for article in earlier if _digest(article) not in known], without


def _counted(items: Sequence[Kept], read: Progress) -> Iterator[Kept]:
    for number, item in enumerate(items):
        read(number, len(items))
        yield item
