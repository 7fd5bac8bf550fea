"""Where evidence stands in the articles of a library."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from citewell.corpus.article import Article, Span
from citewell.corpus.errors import BadInput
from citewell.corpus.store import Store
from citewell.eval.gold import AnyEvidence, Question


@dataclass(frozen=True, slots=True)
class Located:
    """Where evidence stands in a library: in which article, in which text, at which spans."""

    article_id: str
    text_sha: str
    spans: tuple[Span, ...]


class Locator:
    """Finds evidence in the articles of a store, each text read once."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._articles = {article.article_id: article for article in store.articles()}
        self._by_name: dict[str, list[Article]] = {}
        for article in self._articles.values():
            self._by_name.setdefault(Path(article.source).name, []).append(article)
        self._texts: dict[str, str] = {}

    def locate(self, evidence: AnyEvidence) -> Located:
        """Raises BadInput for an article that is not there, and for words that it does not say."""
        article = self._article(evidence.article)
        spans = evidence.places(self.text(article.text_sha))
        if not spans:
            raise BadInput(f"{evidence.article} does not say {evidence}")
        return Located(article.article_id, article.text_sha, spans)

    def _article(self, name: str) -> Article:
        if name in self._articles:
            return self._articles[name]
        found = self._by_name.get(name, [])
        if len(found) > 1:
            raise BadInput(f"{len(found)} articles come from a file {name!r}; give the article's id")
        if not found:
            raise BadInput(f"no article {name!r} in the library")
        return found[0]

    def text(self, sha: str) -> str:
        if sha not in self._texts:
            self._texts[sha] = self._store.text(sha)
        return self._texts[sha]


def locate(questions: tuple[Question, ...], locator: Locator) -> Mapping[AnyEvidence, Located]:
    """Where each piece of evidence stands. Raises BadInput, naming the question, if it stands nowhere."""
    located: dict[AnyEvidence, Located] = {}
    for question in questions:
        for evidence in question.evidence:
            try:
                located[evidence] = locator.locate(evidence)
            except BadInput as error:
                raise BadInput(f"{question}: {error}") from None
    return located
