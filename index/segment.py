"""A segment: the index over some passages as plain arrays, immutable, saved with checksums and mapped when opened.

Passages are numbered in the order of their ids, so that ties by number are ties by passage id. The bytes depend on
what is indexed and with which model alone; the segment's id is their digest.
"""

import hashlib
import json
import shutil
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from citewell.corpus.article import Span, passage_id
from citewell.corpus.errors import CorruptLibrary
from citewell.index.articles import Articles, IndexedArticle
from citewell.index.codes import Codes, decode
from citewell.index.neighbours import ONE_BY_ONE, Clusters, Vectors16, one_by_one, sample
from citewell.index.postings import Postings
from citewell.index.segment_files import check_files, facts_of, mapped, naming_damage, writing_files
from citewell.index.signatures import Signatures
from citewell.index.strings import Strings

FORMAT = 4
CHECKED_WHEN_OPENED = 256_000_000  # bytes: a sixth of a second to read
_CLUSTERS = "clusters.faiss"


@dataclass(frozen=True)
class Segment:
    """n passages with m sentences, over a model of `dim` dimensions."""

    articles: Articles
    signatures: Signatures  # of the articles
    article_of: NDArray[np.int32]  # (n,): index into articles
    spans: NDArray[np.int32]  # (n, 2): start and end in the article's text
    postings: Postings
    passage_vectors: Vectors16  # (n, dim)
    sentence_offsets: NDArray[np.int64]  # (n + 1,): passage i has sentences offsets[i]:offsets[i + 1]
    sentence_codes: Codes  # (m, dim)
    model: str  # fingerprint
    recipe: str  # how texts were cut and analysed

    def __len__(self) -> int:
        return len(self.spans)

    def article(self, number: int) -> IndexedArticle:
        return self.articles[int(self.article_of[number])]

    def span(self, number: int) -> Span:
        start, end = self.spans[number].tolist()
        return Span(start, end)

    def passage_id(self, number: int) -> str:
        article = self.article(number)
        return passage_id(article.article_id, article.text_sha, self.span(number))

    def sentences(self, number: int) -> slice:
        """Rows of sentence_codes, in the order of the passage's sentences."""
        return slice(int(self.sentence_offsets[number]), int(self.sentence_offsets[number + 1]))

    @cached_property
    def one_by_one(self) -> Any:
        """An exact FAISS index over the passage vectors."""
        return one_by_one(self.passage_vectors)

    @cached_property
    def clusters(self) -> Clusters | None:
        """Where one by one would take too long; recall is measured with sentences in the place of questions."""
        if len(self) <= ONE_BY_ONE:
            return None
        return Clusters.of(
            self.passage_vectors, decode(self.sentence_codes[sample(len(self.sentence_codes))])
        )

    @cached_property
    def id(self) -> str:
        """Digest of everything in it: equal content, equal id."""
        digest = hashlib.sha256(json.dumps(self._facts()).encode())
        for name, array in self._arrays().items():
            digest.update(f"{name} {array.dtype} {array.shape}".encode())
            digest.update(np.ascontiguousarray(array).data)
        return digest.hexdigest()[:16]

    def _facts(self) -> dict[str, Any]:
        said = {"format": FORMAT, "model": self.model, "recipe": self.recipe, "passages": len(self)}
        return {**said, "languages": self.articles.languages}

    def _arrays(self) -> dict[str, NDArray[Any]]:
        articles, postings = self.articles, self.postings
        return {
            "article_ids": articles.ids.content,
            "article_id_offsets": articles.ids.offsets,
            "article_facts": articles.facts.content,
            "article_fact_offsets": articles.facts.offsets,
            "article_languages": articles.language_of,
            "signature_keys": self.signatures.keys,
            "signature_order": self.signatures.order,
            "article_of": self.article_of,
            "spans": self.spans,
            "terms": postings.terms.content,
            "term_offsets": postings.terms.offsets,
            "posting_offsets": postings.offsets,
            "posting_passages": postings.passages,
            "posting_pairs": postings.pairs,
            "distinct_pairs": postings.distinct,
            "lengths": postings.lengths,
            "passage_vectors": self.passage_vectors,
            "sentence_offsets": self.sentence_offsets,
            "sentence_codes": self.sentence_codes,
        }

    def save(self, folder: Path) -> Path:
        """Write folder/<id>, all of it on disk before it has that name; nothing if it is there already, unharmed."""
        target = folder / self.id
        if target.exists():
            try:
                check_files(target)
            except CorruptLibrary:
                shutil.rmtree(target)
            else:
                return target
        arrays, clusters = self._arrays(), self.clusters
        facts = {
            **self._facts(),
            "id": self.id,
            "arrays": {name: [array.dtype.str, array.shape] for name, array in arrays.items()},
            "clusters": clusters and {"probes": clusters.probes, "recall_at_10": clusters.recall},
        }
        with writing_files(target, facts) as made:
            for name, array in arrays.items():
                array.tofile(made / f"{name}.bin")
            if clusters is not None:
                clusters.save(made / _CLUSTERS)
        return target

    @classmethod
    def open(cls, folder: Path) -> Self:
        """Map a saved segment. Raises CorruptLibrary, naming the file, if anything in it was altered.

        Of a large one the largest files are checked by their sizes only, so that it opens at once; `check_files` reads
        them all.
        """
        check_files(folder, CHECKED_WHEN_OPENED)
        facts = facts_of(folder)
        with naming_damage(folder):
            arrays = {
                name: mapped(folder / f"{name}.bin", dtype, tuple(shape))
                for name, (dtype, shape) in facts["arrays"].items()
            }
            opened = cls._of(facts, arrays)
            said = facts["clusters"]
            opened.__dict__["clusters"] = said and Clusters.open(
                folder / _CLUSTERS, said["probes"], said["recall_at_10"]
            )
        opened.__dict__["id"] = facts["id"]  # as saved: the digest need not be computed again
        return opened

    @classmethod
    def _of(cls, facts: dict[str, Any], arrays: dict[str, NDArray[Any]]) -> Self:
        return cls(
            Articles(
                Strings(arrays["article_ids"], arrays["article_id_offsets"]),
                Strings(arrays["article_facts"], arrays["article_fact_offsets"]),
                tuple(facts["languages"]),
                arrays["article_languages"],
            ),
            Signatures(arrays["signature_keys"], arrays["signature_order"]),
            arrays["article_of"],
            arrays["spans"],
            Postings(
                Strings(arrays["terms"], arrays["term_offsets"]),
                arrays["posting_offsets"],
                arrays["posting_passages"],
                arrays["posting_pairs"],
                arrays["distinct_pairs"],
                arrays["lengths"],
            ),
            arrays["passage_vectors"],
            arrays["sentence_offsets"],
            arrays["sentence_codes"],
            facts["model"],
            facts["recipe"],
        )
