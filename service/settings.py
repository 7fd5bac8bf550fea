"""Settings of the service: a flag, else the environment, else `citewell.toml`, else the default."""

import os
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from citewell.corpus.errors import BadInput
from citewell.corpus.server import Server, shown
from citewell.corpus.text import escaped
from citewell.index.address import Address

FILE = Path("citewell.toml")  # in the folder that a command is run in
_TRUE, _FALSE = ("true", "1", "yes", "on"), ("false", "0", "no", "off")
_ADDRESSES = ("passages", "embedding_cluster")  # a user and a password do not belong there, but are typed
_SECRET = ("HEADERS", "KEY", "TOKEN", "SECRET", "PASSWORD", "CERTIFICATE")


def _setting(default: object, said: str, least: float | None = None) -> Any:
    """A field with its explanation, and the least number that it may be."""
    return field(default=default, metadata={"help": said, "least": least})


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What is in force. `sources` says where each comes from: flag, environment, file or default."""

    library: Path = _setting(Path("library"), "Folder of the library.")
    truth: str = _setting(
        "",
        "Database that holds the articles, as postgresql://USER@HOST/NAME; empty: they are in the library's folder.",
    )
    passages: str = _setting(
        "",
        "Cluster that holds the passages, as milvus://HOST:19530/NAME; empty: they are in the library's folder.",
    )
    passages_token: str = _setting("", "Key to that cluster, or user:password.")
    embedding_cluster: str = _setting(
        "", "Ray cluster that embeds many passages, as 10.0.0.1:6379; empty: this machine does."
    )
    model: str = _setting(
        "", "Model that embeds: a folder, or the name of one that was downloaded (sentence-transformers)."
    )
    reranker: str = _setting("", "Model that ranks the first hits again, in the same way (CrossEncoder).")
    rerank: int = _setting(20, "How many hits the reranker ranks again, 1 to 200.", 1)
    host: str = _setting("127.0.0.1", "Address to listen on; without a key a loopback address.")
    port: int = _setting(8000, "Port to listen on; 0: any that is free.", 0)
    workers: int = _setting(1, "Processes that answer; they share the index.", 1)
    hosts: tuple[str, ...] = _setting(
        (), "Names that the service is reached by, besides addresses and localhost."
    )
    origins: tuple[str, ...] = _setting(
        (), "Origins of other pages that may ask, as https://example.org (CORS)."
    )
    rate: float = _setting(600.0, "Requests a minute that each key may make; 0: any number.", 0)
    burst: int = _setting(100, "Requests that a key may make at once.", 1)
    concurrency: int = _setting(
        0,
        "Questions answered at once in each process; 0: as its share of the cores, one more with a cluster.",
        0,
    )
    queue: int = _setting(256, "Questions that may wait in each process; more are refused.", 0)
    timeout: float = _setting(30.0, "Seconds that a request may take, its body included.", 0.1)
    connections: int = _setting(10_000, "Connections that each process keeps open.", 16)
    question_length: int = _setting(2_000, "Characters that a question may have, at most 2,000.", 1)
    most_k: int = _setting(100, "The largest k, at most 100.", 1)
    max_article_bytes: int = _setting(
        20_000_000, "Bytes that an article may have when it is added, 1,000 to 200,000,000.", 1_000
    )
    body_mb: float = _setting(64.0, "Megabytes that a body with articles may have.", 0.001)
    cache_mb: float = _setting(16.0, "Megabytes of answers that each process keeps; 0: none.", 0)
    log_level: str = _setting("info", "What is logged: debug, info, warning or error.")
    log_questions: bool = _setting(False, "Log the text of questions, too.")
    sources: Mapping[str, str] = field(default_factory=dict)

    @property
    def cluster(self) -> Address | None:
        """Where the passages are if not in the library's folder. Raises BadInput for what is no address."""
        return Address.of(self.passages, self.passages_token) if self.passages else None

    def server(self, folder: Path | None = None) -> Server | None:
        """Where the articles are if not in the library's folder. Raises BadInput for what is no address."""
        return Server.of(self.truth, folder or self.library) if self.truth else None

    def shown(self, name: str) -> Any:
        """A value without a secret."""
        value = getattr(self, name)
        if name == "truth":
            return shown(value)
        hidden = (name == "passages_token" and value) or (name in _ADDRESSES and "@" in value)
        return "(redacted)" if hidden else value


NAMES = tuple(each.name for each in fields(Settings) if each.name != "sources")
MODELS = ("model", "reranker", "rerank")  # which every command follows
HELP = {each.name: str(each.metadata["help"]) for each in fields(Settings) if each.name in NAMES}
DEFAULTS = {each.name: each.default for each in fields(Settings) if each.default is not MISSING}
_LEAST = {each.name: each.metadata["least"] for each in fields(Settings) if each.name in NAMES}
_MOST = {
    "rerank": 200,
    "port": 65_535,
    "workers": 256,
    "question_length": 2_000,
    "most_k": 100,
    "max_article_bytes": 200_000_000,
}


def variable(name: str) -> str:
    return f"CITEWELL_{name.upper()}"


def read(
    flags: Mapping[str, Any],
    environment: Mapping[str, str] = os.environ,
    file: Path = FILE,
    names: Sequence[str] = NAMES,
) -> Settings:
    """Of these names; the others are as by default. Flags that are None are not given.

    Raises BadInput, with the place of the value, for what cannot be used.
    """
    filed = read_file(file)
    values: dict[str, Any] = {}
    sources = {}
    for name in names:
        flag = f"--{name.replace('_', '-')}"
        for source, place, given in (
            ("flag", flag, flags.get(name)),
            ("environment", variable(name), environment.get(variable(name)) or None),
            ("file", f"{name} in {file}", filed.get(name)),
        ):
            if given is not None:
                values[name], sources[name] = _checked(name, given, place), source
                break
        else:
            sources[name] = "default"
    return replace(Settings(**values), sources=sources)


def read_file(file: Path = FILE) -> dict[str, Any]:
    """The settings in the file; none if there is no file. Raises BadInput for what is no setting."""
    try:
        found = tomllib.loads(file.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise BadInput(f"{file} cannot be read: {error.strerror}.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadInput(f"{file} is no TOML: {error}.") from None
    if unknown := sorted(set(found) - set(NAMES)):
        raise BadInput(f"{file}: {escaped(unknown[0])!r} is no setting. There are: {', '.join(NAMES)}.")
    return found


def telemetry(environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """What the environment says to OpenTelemetry, without secrets."""
    return {
        name: "(redacted)" if any(part in name for part in _SECRET) or "@" in value else value
        for name, value in sorted(environment.items())
        if name.startswith("OTEL_")
    }


def _checked(name: str, given: Any, place: str) -> Any:
    try:
        value = _READERS[type(DEFAULTS[name])](given)
    except (ValueError, TypeError):
        kind = {int: "a whole number", float: "a number", bool: "true or false"}.get(
            type(DEFAULTS[name]), "text"
        )
        raise BadInput(f"{place} is {escaped(str(given))!r}; it must be {kind}.") from None
    least, most = _LEAST[name], _MOST.get(name)
    if least is not None and not (least <= value and (most is None or value <= most)):
        upper = f" to {most}" if most is not None else " or more"
        raise BadInput(f"{place} is {value}; it must be {least:g}{upper}.")
    if name == "log_level" and value not in ("debug", "info", "warning", "error"):
        raise BadInput(f"{place} is {escaped(value)!r}; it must be debug, info, warning or error.")
    for origin in value if name == "origins" else ():
        scheme, mark, rest = origin.partition("://")
        if scheme not in ("http", "https") or not mark or not rest or set(rest) & set("/@*? "):
            raise BadInput(f"{place}: {escaped(origin)!r} is no origin; write one as https://example.org.")
    return value


def _whole(given: Any) -> int:
    if isinstance(given, bool | float):
        raise TypeError
    return int(given)


def _number(given: Any) -> float:
    if isinstance(given, bool):
        raise TypeError
    value = float(given)
    if value != value or value in (float("inf"), float("-inf")):
        raise ValueError
    return value


def _truth(given: Any) -> bool:
    if isinstance(given, bool):
        return given
    said = str(given).lower()
    if said not in _TRUE + _FALSE:
        raise ValueError
    return said in _TRUE


def _text(given: Any) -> str:
    if not isinstance(given, str) or not given:
        raise TypeError
    return given


def _list(given: Any) -> tuple[str, ...]:
    """Of a list; or of a text with commas."""
    parts = given.split(",") if isinstance(given, str) else given
    return tuple(_text(part.strip()) for part in parts if part.strip())


_READERS: dict[type, Callable[[Any], Any]] = {
    int: _whole, float: _number, bool: _truth, str: _text, tuple: _list,
    type(Path()): lambda given: Path(given) if isinstance(given, Path) else Path(_text(given)),
}  # fmt: skip
