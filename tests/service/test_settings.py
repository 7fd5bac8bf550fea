"""Where a setting comes from: a flag, else the environment, else citewell.toml, else its default."""

import json
from pathlib import Path
from typing import Any

import pytest

from citewell.corpus.errors import BadInput
from citewell.service.settings import NAMES, read, telemetry
from tests.service.command import citewell

FLAGS = {"port": 3}
ENVIRONMENT = {"CITEWELL_PORT": "2"}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    written = tmp_path / "citewell.toml"
    written.write_text("port = 1\n", "utf-8")
    return written


@pytest.mark.parametrize(
    ("flags", "environment", "filed", "port", "source"),
    [
        (FLAGS, ENVIRONMENT, True, 3, "flag"),
        ({"port": None}, ENVIRONMENT, True, 2, "environment"),
        ({}, {"CITEWELL_PORT": ""}, True, 1, "file"),
        ({}, {}, False, 8000, "default"),
    ],
)
def test_the_first_that_says_it_wins(
    file: Path, flags: dict[str, Any], environment: dict[str, str], filed: bool, port: int, source: str
) -> None:
    found = read(flags, environment, file if filed else file.with_name("none"))
    assert (found.port, found.sources["port"]) == (port, source)
    assert list(found.sources) == list(NAMES)


@pytest.mark.parametrize(
    ("name", "given", "value"),
    [
        ("workers", "4", 4),
        ("rate", "0", 0.0),
        ("hosts", "a.example, b.example", ("a.example", "b.example")),
        ("hosts", ["a.example"], ("a.example",)),
        ("origins", "https://example.org:8443", ("https://example.org:8443",)),
        ("log_questions", "yes", True),
        ("log_questions", "off", False),
        ("library", "books", Path("books")),
    ],
)
def test_a_value_is_read_as_its_kind(tmp_path: Path, name: str, given: Any, value: object) -> None:
    assert getattr(read({name: given}, {}, tmp_path / "none"), name) == value


@pytest.mark.parametrize(
    ("name", "given", "said"),
    [
        ("port", "x", "CITEWELL_PORT is 'x'; it must be a whole number."),
        ("port", "65536", "CITEWELL_PORT is 65536; it must be 0 to 65535."),
        ("port", "-1", "CITEWELL_PORT is -1; it must be 0 to 65535."),
        ("workers", "0", "CITEWELL_WORKERS is 0; it must be 1 to 256."),
        ("rate", "nan", "CITEWELL_RATE is 'nan'; it must be a number."),
        ("timeout", "0", "CITEWELL_TIMEOUT is 0.0; it must be 0.1 or more."),
        ("most_k", "101", "CITEWELL_MOST_K is 101; it must be 1 to 100."),
        ("log_level", "loud", "CITEWELL_LOG_LEVEL is 'loud'; it must be debug, info, warning or error."),
        ("log_questions", "maybe", "CITEWELL_LOG_QUESTIONS is 'maybe'; it must be true or false."),
        ("origins", "*", "CITEWELL_ORIGINS: '*' is no origin; write one as https://example.org."),
        ("origins", "https://a.example/x", "CITEWELL_ORIGINS: 'https://a.example/x' is no origin; write one as https://example.org."),
    ],
)  # fmt: skip
def test_a_value_that_cannot_be_used_is_named_with_its_place(
    tmp_path: Path, name: str, given: str, said: str
) -> None:
    with pytest.raises(BadInput) as refused:
        read({}, {f"CITEWELL_{name.upper()}": given}, tmp_path / "none")
    assert str(refused.value) == said


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("prot = 1", "'prot' is no setting. There are: library, truth, passages,"),
        ("port = ", "is no TOML:"),
        ('port = "x"', "it must be a whole number."),
        ("port = 1.5", "it must be a whole number."),
        ("port = true", "it must be a whole number."),
    ],
)
def test_a_bad_file_is_named(tmp_path: Path, content: str, said: str) -> None:
    file = tmp_path / "citewell.toml"
    file.write_text(content, "utf-8")
    with pytest.raises(BadInput) as refused:
        read({}, {}, file)
    assert str(file) in str(refused.value)
    assert said in str(refused.value)


def test_what_the_environment_says_to_telemetry_is_shown_without_secrets() -> None:
    shown = telemetry(
        {
            "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318",
            "OTEL_EXPORTER_OTLP_HEADERS": "authorization=Bearer hidden",
            "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://ann:hidden@example.org",
            "PATH": "/bin",
        }
    )
    assert "hidden" not in str(shown)
    assert shown["OTEL_EXPORTER_OTLP_ENDPOINT"] == "http://127.0.0.1:4318"
    assert "PATH" not in shown


def test_config_prints_what_is_in_force(tmp_path: Path) -> None:
    (tmp_path / "citewell.toml").write_text('library = "books"\nworkers = 2\n', "utf-8")
    shown = json.loads(citewell("config", "--port", "81", "--json", folder=tmp_path).out)
    assert (shown["port"], shown["workers"], shown["library"], shown["rate"]) == (
        {"value": 81, "from": "flag"},
        {"value": 2, "from": "file"},
        {"value": "books", "from": "file"},
        {"value": 600.0, "from": "default"},
    )


@pytest.mark.parametrize("name", ["passages", "embedding_cluster"])
def test_config_prints_no_credentials_that_stand_in_an_address(tmp_path: Path, name: str) -> None:
    (tmp_path / "citewell.toml").write_text(f'{name} = "milvus://ann:hidden@db:19530/books"\n', "utf-8")
    for options in ((), ("--json",)):
        told = citewell("config", *options, folder=tmp_path).out
        assert "hidden" not in told
        assert "(redacted)" in told
    assert read({name: "db:19530"}, {}, tmp_path / "none").shown(name) == "db:19530"


def test_every_command_means_the_library_of_the_file(tmp_path: Path) -> None:
    (tmp_path / "citewell.toml").write_text('library = "books"\n', "utf-8")
    said = citewell("ask", "When?", folder=tmp_path).refusal
    assert said.startswith("No library at books.")
    assert citewell("ask", "When?", "--library", "others", folder=tmp_path).refusal.startswith(
        "No library at others."
    )


@pytest.mark.parametrize("command", [("keys", "list"), ("eval", "check", "gold.jsonl")])
def test_so_do_commands_of_a_group(tmp_path: Path, command: tuple[str, ...]) -> None:
    (tmp_path / "citewell.toml").write_text('library = "books"\n', "utf-8")
    (tmp_path / "gold.jsonl").write_text("", "utf-8")
    said = citewell(*command, folder=tmp_path).err
    assert said.startswith("citewell: No library at books.")
    said = citewell(*command, "--library", "others", folder=tmp_path).err
    assert said.startswith("citewell: No library at others.")
