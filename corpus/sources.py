"""Sources that are mirrored: when each was looked at, and what was wrong when that was tried last."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Source:
    """A folder or an address, named as its articles name it. Moments are UTC, ISO 8601."""

    place: str
    looked_at: str  # the last time that it could be read
    tried_at: str  # later if it could not be read the last time
    fault: str | None  # then; or of that part of it which could not be read
