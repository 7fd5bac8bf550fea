"""What a page of the web answered when it was read, so that next time it is asked only whether it changed."""

import zlib
from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True, slots=True)
class Validators:
    """What tells the state of what is at an address from its other states; both empty if the server said none."""

    address: str = ""
    etag: str = ""
    modified: str = ""

    def headers(self, address: str) -> dict[str, str]:
        """For a request to that address that nothing comes of if the state is still the same."""
        if address != self.address:
            return {}
        both = {"If-None-Match": self.etag, "If-Modified-Since": self.modified}
        return {name: value for name, value in both.items() if value}


NO_VALIDATORS = Validators()


@dataclass(frozen=True, slots=True)
class Former:
    """What a page answered before, and the article, in which revision, that came of it."""

    validators: Validators
    sha: str  # of its bytes
    article_id: str
    revision: int


@dataclass(frozen=True, slots=True)
class Document:
    """A feed or sitemap as it was read, kept so that it is fetched again only if it changed."""

    validators: Validators
    packed: bytes

    @classmethod
    def of(cls, validators: Validators, content: bytes) -> Self:
        return cls(validators, zlib.compress(content, 1))

    @property
    def content(self) -> bytes:
        return zlib.decompress(self.packed)
