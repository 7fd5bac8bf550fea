"""Errors of citewell that are raised on purpose. Every message says what to do next.

CitewellError
├── BadInput            the caller can mend it: a question, a number, a file
│   ├── BadQuestion
│   ├── NotJson
│   ├── TooLarge
│   └── UnreadableFile
├── NotFound
│   ├── UnknownArticle
│   ├── UnknownPassage
│   └── LibraryMissing
└── LibraryError        the library or its model is not in order
    ├── LibraryBusy
    ├── LibraryReadOnly
    ├── StorageFailed
    ├── CorruptLibrary
    ├── NotWhole
    ├── NotEqual
    ├── ModelMismatch
    ├── TruthError      of the server that holds the truth
    │   ├── TruthAway
    │   ├── TruthRefused
    │   └── TruthMismatch
    ├── SpreadingFailed of the cluster that embeds
    └── ClusterError    of the cluster that holds the passages
        ├── ClusterAway
        ├── ClusterRefused
        └── ClusterMismatch
"""

from pathlib import Path

from citewell.corpus.text import escaped


class CitewellError(Exception):
    """Base class of every error that citewell raises on purpose."""


class BadInput(CitewellError):
    """What was given cannot be used as it is."""


class BadQuestion(BadInput):
    """A question that is empty or too long."""


class NotJson(BadInput):
    """What was to be JSON is none; the message says where it ends to be."""


class TooLarge(BadInput):
    """More than is taken at once."""


class UnreadableFile(BadInput):
    """A file that holds no article; `reason` says why."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"{escaped(str(path))}: {reason}")
        self.path, self.reason = path, reason


class NotFound(CitewellError):
    """A name that stands for nothing here."""


class UnknownArticle(NotFound):
    def __init__(self, article_id: str) -> None:
        super().__init__(
            f"No article {article_id!r}. What citewell search shows begins with the id of its article; in a service, "
            "GET /v1/articles lists those that are there."
        )
        self.article_id = article_id


class UnknownPassage(NotFound):
    def __init__(self, passage_id: str) -> None:
        super().__init__(
            f"No passage {passage_id!r}. An id reads ARTICLE.TEXTSHA12.START-END, as in a citation."
        )
        self.passage_id = passage_id


class LibraryMissing(NotFound):
    def __init__(self, folder: Path, server: str = "") -> None:
        super().__init__(
            f"No library at {server or folder}. Make one: citewell add --library {folder} FILE_OR_FOLDER"
        )
        self.folder = folder


class LibraryError(CitewellError):
    """The library or its model is not in order."""


class LibraryBusy(LibraryError):
    def __init__(self, folder: Path) -> None:
        super().__init__(f"Another process is writing to {folder}. Try again when it has finished.")
        self.folder = folder


class LibraryReadOnly(LibraryError):
    def __init__(self, folder: Path) -> None:
        super().__init__(
            f"{folder} cannot be written. To change it, or to finish what was begun, make its folder writable."
        )
        self.folder = folder


class StorageFailed(LibraryError):
    """Storage refused to write or read a file, as a full disk does."""

    def __init__(self, file: Path, reason: str) -> None:
        super().__init__(
            f"{file} cannot be read or written now: {reason}. Nothing that was acknowledged is lost; make room or mend "
            "the storage, then try again."
        )
        self.file, self.reason = file, reason


class CorruptLibrary(LibraryError):
    """A file of the library is damaged; the message names it and the way back."""


class NotWhole(LibraryError):
    def __init__(self, folder: Path, source: str) -> None:
        super().__init__(
            f"{folder} is not whole yet: it is being moved from {source}, or that was cut short. What is there is kept; "
            f"to go on: citewell migrate {source} {folder}"
        )
        self.folder = folder


class NotEqual(LibraryError):
    """What was moved is not what was to be moved; the message says where they differ."""


class ModelMismatch(LibraryError):
    """The model is not the one that was asked for; the message says how to get it."""


class TruthError(LibraryError):
    """The server that holds the truth did not do what it was asked; the message has its own words."""


class TruthAway(TruthError):
    """It cannot be reached, or does not answer in time."""

    def __init__(self, place: object, reason: str) -> None:
        super().__init__(
            f"The database {place} does not answer ({reason}). Nothing that was acknowledged is lost. Start it, or mend "
            "truth in citewell.toml (shown by: citewell config); then try again."
        )


class TruthRefused(TruthError):
    """It wants other credentials, or gives fewer rights than are needed."""

    def __init__(self, place: object, reason: str) -> None:
        super().__init__(
            f"The database {place} refuses ({reason}). Name the user in truth, and give the password in PGPASSWORD or in "
            "the file that PGPASSFILE names; the user must own the schema, or be allowed to create it."
        )


class TruthMismatch(TruthError):
    """What stands there is not a library that this citewell can use; the message says what to do."""


class SpreadingFailed(LibraryError):
    """The cluster that embeds did not."""

    def __init__(self, place: str, reason: str) -> None:
        super().__init__(
            f"The cluster at {place} does not embed ({reason}). Vectors that were made are kept: mend that and run the "
            "command again, or run it without embedding_cluster (shown by: citewell config) to embed here."
        )
        self.place, self.reason = place, reason


class ClusterError(LibraryError):
    """The cluster that holds the passages did not do what it was asked; the message has its own words."""


class ClusterAway(ClusterError):
    """It cannot be reached, or does not answer in time."""

    def __init__(self, place: str, reason: str) -> None:
        super().__init__(
            f"The cluster at {place} does not answer ({reason}). Nothing that was acknowledged is lost. Start it, or mend "
            "passages in citewell.toml (shown by: citewell config); then try again."
        )
        self.place = place


class ClusterRefused(ClusterError):
    """It wants other credentials."""

    def __init__(self, place: str) -> None:
        super().__init__(
            f"The cluster at {place} refuses the credentials. Set passages_token in citewell.toml or "
            "CITEWELL_PASSAGES_TOKEN to a key, or to user:password."
        )


class ClusterMismatch(ClusterError):
    """What stands there is not this library's, or was made otherwise; the message says what to do."""
