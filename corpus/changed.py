"""The log of a store's changes, read: what was put, removed, erased or cleaned since one of them."""

from citewell.corpus.article import Article
from citewell.corpus.rows import ARTICLE_COLUMNS, article_of
from citewell.corpus.texts import Texts
from citewell.corpus.timeline import last_change


class Changed(Texts):
    """Changes are numbered from 1 without a gap."""

    def change(self) -> int:
        """Number of the last change; 0 when nothing was ever written."""
        return last_change(self.database)

    def touched_since(self, change: int) -> list[str]:
        """Ids of the articles that were put or removed by a later change, in order."""
        rows = self.database.rows(
            "SELECT DISTINCT article_id FROM changes WHERE number > ? ORDER BY article_id", change
        )
        return [str(row[0]) for row in rows]

    def put_since(self, change: int) -> list[Article]:
        """The revisions that were put by a later change and are kept."""
        rows = self.database.rows(
            f"SELECT {ARTICLE_COLUMNS} FROM revisions WHERE (article_id, change) IN "
            "(SELECT article_id, number FROM changes WHERE number > ? AND kind = 'put')",
            change,
        )
        return [article_of(row, self.place) for row in rows]

    def cleaned_since(self, change: int) -> bool:
        """Whether other lines are left out of texts since."""
        return bool(self.database.rows("SELECT 1 FROM changes WHERE number > ? AND kind = 'clean'", change))

    def is_changed(self, article_id: str, change: int) -> bool:
        """Whether the article was put, removed or purged by a later change."""
        query = "SELECT 1 FROM changes WHERE article_id = ? AND number > ? AND kind IN ('put', 'remove', 'purge') LIMIT 1"
        return bool(self.database.rows(query, article_id, change))

    def erased_since(self, change: int) -> list[str]:
        """Ids of the articles that may have lost revisions by a later change."""
        rows = self.database.rows(
            "SELECT DISTINCT article_id FROM changes WHERE number > ? AND (kind IN ('purge', 'drop') "
            "OR EXISTS (SELECT 1 FROM keeping WHERE revisions IS NOT NULL))",
            change,
        )
        return [str(row[0]) for row in rows]

    def added(self, article_id: str) -> int:
        """Number of the change that first put an article, or first since it was purged; 0 if none did."""
        ((change,),) = self.database.rows(
            "SELECT coalesce(min(number), 0) FROM changes WHERE article_id = ? AND kind = 'put' AND number > "
            "(SELECT coalesce(max(number), 0) FROM changes WHERE article_id = ? AND kind = 'purge')",
            article_id,
            article_id,
        )
        assert isinstance(change, int)
        return change
