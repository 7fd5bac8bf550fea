"""A segment: the index over some passages as plain arrays, immutable, saved with checksums and mapped when opened.

Passages are numbered in the order of their ids, so that ties by number are ties by passage id. The bytes depend on
what is indexed and with which model alone; the segment's id is their digest.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import faiss
import numpy as np
from numpy.typing import NDArray

from citewell.corpus.article import Span, passage_id
from citewell.corpus.errors import CorruptLibrary
from citewell.index.bm25 import Postings
from citewell.index.codes import Codes
from citewell.index.model import file_sha

FORMAT = 2
CHECKED_WHEN_OPENED = 256_000_000  # bytes: a quarter of a second to read


@dataclass(frozen=True, slots=True)
class IndexedArticle:
    """The revision that a passage was cut from."""

    article_id: str
    revision: int
    text_sha: str
    language: str | None


@dataclass(frozen=True)
class Segment:
    """n passages with m sentences, over a model of `dim` dimensions."""

    articles: tuple[IndexedArticle, ...]
    article_of: NDArray[np.int32]  # (n,): index into articles
    spans: NDArray[np.int32]  # (n, 2): start and end in the article's text
    postings: Postings
    passage_codes: Codes  # (n, dim)
    sentence_offsets: NDArray[np.int64]  # (n + 1,): passage i has sentences offsets[i]:offsets[i + 1]
    sentence_codes: Codes  # (m, dim)
    model: str  # fingerprint
    recipe: str  # how texts were cut and analysed

    def __len__(self) -> int:
        return len(self.spans)

    def article(self, number: int) -> IndexedArticle:
        return self.articles[int(self.article_of[number])]

    def numbers_of(self, article_ids: Iterable[str]) -> list[int]:
        """Indices of those of the articles that are in here."""
        return [self._number_of[name] for name in article_ids if name in self._number_of]

    @cached_property
    def _number_of(self) -> dict[str, int]:
        return {article.article_id: number for number, article in enumerate(self.articles)}

    def span(self, number: int) -> Span:
        start, end = self.spans[number]
        return Span(int(start), int(end))

    def passage_id(self, number: int) -> str:
        article = self.article(number)
        return passage_id(article.article_id, article.text_sha, self.span(number))

    def sentences(self, number: int) -> slice:
        """Rows of sentence_codes, in the order of the passage's sentences."""
        return slice(int(self.sentence_offsets[number]), int(self.sentence_offsets[number + 1]))

    @cached_property
    def languages(self) -> tuple[str | None, ...]:
        """Every language that some article is in."""
        return tuple(sorted({a.language for a in self.articles}, key=lambda code: code or ""))

    @cached_property
    def language_of(self) -> NDArray[np.int32]:
        """Of each passage the index into `languages`, shape (n,)."""
        of_article = np.array([self.languages.index(a.language) for a in self.articles], dtype=np.int32)
        return of_article[self.article_of] if len(self) else np.empty(0, dtype=np.int32)

    @cached_property
    def scan(self) -> Any:
        """An exact FAISS index over the passage codes."""
        index = faiss.IndexScalarQuantizer(
            self.passage_codes.shape[1],
            faiss.ScalarQuantizer.QT_8bit_direct_signed,
            faiss.METRIC_INNER_PRODUCT,
        )
        index.is_trained = True
        for first in range(0, len(self), 65_536):  # the library takes codes as floats: not all at once
            index.add(self.passage_codes[first : first + 65_536].astype(np.float32))
        return index

    @cached_property
    def id(self) -> str:
        """Digest of everything in it: equal content, equal id."""
        digest = hashlib.sha256(json.dumps([self._facts(), list(self.postings.terms)]).encode())
        for name, array in self._arrays().items():
            digest.update(f"{name} {array.dtype} {array.shape}".encode())
            digest.update(np.ascontiguousarray(array).data)
        return digest.hexdigest()[:16]

    def _facts(self) -> dict[str, Any]:
        articles = [[a.article_id, a.revision, a.text_sha, a.language] for a in self.articles]
        return {"format": FORMAT, "model": self.model, "recipe": self.recipe, "articles": articles}

    def _arrays(self) -> dict[str, NDArray[Any]]:
        return {
            "article_of": self.article_of,
            "spans": self.spans,
            "offsets": self.postings.offsets,
            "passages": self.postings.passages,
            "counts": self.postings.counts,
            "lengths": self.postings.lengths,
            "passage_codes": self.passage_codes,
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
        made = folder / f"writing-{os.getpid()}-{self.id}"
        made.mkdir()
        try:
            for name, array in self._arrays().items():
                np.save(made / f"{name}.npy", array)
            (made / "terms.json").write_text(
                json.dumps(list(self.postings.terms), ensure_ascii=False), "utf-8"
            )
            files = {file.name: [file.stat().st_size, file_sha(file)] for file in sorted(made.iterdir())}
            facts = {**self._facts(), "id": self.id, "files": files}
            facts["sha"] = hashlib.sha256(json.dumps(facts, ensure_ascii=False).encode()).hexdigest()
            (made / "segment.json").write_text(json.dumps(facts, ensure_ascii=False) + "\n", "utf-8")
            for file in made.iterdir():
                sync(file)
            sync(made)
            made.rename(target)
            sync(folder)
        finally:
            shutil.rmtree(made, ignore_errors=True)
        return target

    @classmethod
    def open(cls, folder: Path) -> Self:
        """Map a saved segment. Raises CorruptLibrary, naming the file, if anything in it was altered.

        A large one is checked by the sizes of its files only, so that it opens at once; `check_files` reads it all.
        """
        try:
            facts = _facts_of(folder)
            if sum(size for size, _ in facts["files"].values()) <= CHECKED_WHEN_OPENED:
                check_files(folder)
            for name, (size, _) in facts["files"].items():
                if (folder / name).stat().st_size != size:
                    raise _damaged(folder / name)
            arrays = {
                Path(name).stem: np.load(folder / name, mmap_mode="r", allow_pickle=False)
                for name in facts["files"]
                if name.endswith(".npy")
            }
            terms: Mapping[str, int] = {
                term: row for row, term in enumerate(json.loads((folder / "terms.json").read_text("utf-8")))
            }
            postings = Postings(
                terms,
                arrays.pop("offsets"),
                arrays.pop("passages"),
                arrays.pop("counts"),
                arrays.pop("lengths"),
            )
            articles = tuple(IndexedArticle(*fields) for fields in facts["articles"])
            opened = cls(
                articles=articles, postings=postings, model=facts["model"], recipe=facts["recipe"], **arrays
            )
            opened.__dict__["id"] = facts["id"]  # as saved: the digest need not be computed again
        except (OSError, ValueError, KeyError, TypeError, EOFError) as error:
            raise _damaged(folder / "segment.json") from error
        return opened


def check_files(folder: Path) -> None:
    """Read every file of a saved segment. Raises CorruptLibrary, naming the first that is not what was saved."""
    try:
        for name, (_, sha) in _facts_of(folder)["files"].items():
            if file_sha(folder / name) != sha:
                raise _damaged(folder / name)
    except (OSError, ValueError, KeyError, TypeError, EOFError) as error:
        raise _damaged(folder / "segment.json") from error


def _facts_of(folder: Path) -> dict[str, Any]:
    """What segment.json says, checked against its own digest."""
    facts: dict[str, Any] = json.loads((folder / "segment.json").read_text("utf-8"))
    said = facts.pop("sha")
    if hashlib.sha256(json.dumps(facts, ensure_ascii=False).encode()).hexdigest() != said:
        raise _damaged(folder / "segment.json")
    return facts


def sync(path: Path) -> None:
    """Flush a file or folder to disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _damaged(file: Path) -> CorruptLibrary:
    library = file.parent.parent.parent
    return CorruptLibrary(
        f"{file} is missing or damaged. Build it again from the texts: citewell rebuild --library {library}"
    )
