"""An agent as the SDK's own client has it, over HTTP or over standard input and output, called without `await`."""

import json
import socket
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import uvicorn
from anyio.from_thread import BlockingPortal, start_blocking_portal
from httpx2 import AsyncClient
from mcp import Client, StdioServerParameters
from mcp.client.streamable_http import streamable_http_client
from mcp_types import CallToolResult, TextContent, Tool

from citewell.index.library import Library
from citewell.service.app import create_app

_BEFORE, _AFTER = "\n<citewell_data>\n", "\n</citewell_data>"


@dataclass(frozen=True, slots=True)
class Agent:
    client: Client
    portal: BlockingPortal

    def tools(self) -> list[Tool]:
        return self.portal.call(self.client.list_tools).tools

    def call(self, tool: str, **given: Any) -> dict[str, Any]:
        """The document that a call gives, the same in its text and as structured content."""
        result = self._result(tool, given)
        text = text_of(result)
        assert not result.is_error, text
        assert text.count(_BEFORE) == text.count(_AFTER) == 1
        document: dict[str, Any] = result.structured_content
        assert json.loads(text.partition(_BEFORE)[2].removesuffix(_AFTER)) == document
        return document

    def text(self, tool: str, **given: Any) -> str:
        return text_of(self._result(tool, given))

    def refusal(self, tool: str, **given: Any) -> str:
        """What is said of a call that fails: an error, and nothing else."""
        result = self._result(tool, given)
        assert result.is_error
        assert result.structured_content is None
        return text_of(result)

    def _result(self, tool: str, given: dict[str, Any]) -> CallToolResult:
        result: CallToolResult = self.portal.call(self.client.call_tool, tool, given)
        return result


def text_of(result: CallToolResult) -> str:
    (block,) = result.content
    assert isinstance(block, TextContent)
    return block.text


@contextmanager
def served(library: Library) -> Iterator[str]:
    """The service on a free port; its address."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = uvicorn.Server(uvicorn.Config(create_app(library), log_level="warning"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            while not server.started and thread.is_alive():
                time.sleep(0.01)
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()


def started(folder: Path, **environment: str) -> StdioServerParameters:
    """How a client starts `citewell mcp`; of our own environment it passes on what every program needs."""
    arguments = ["-m", "citewell.service.cli", "mcp", "--library", str(folder)]
    return StdioServerParameters(command=sys.executable, args=arguments, env=environment)


@contextmanager
def connected(server: str | StdioServerParameters, mode: str = "auto", key: str = "") -> Iterator[Agent]:
    """An agent that speaks HTTP to an address, or to a command that it starts."""
    with start_blocking_portal() as portal, ExitStack() as open_ones:
        transport: Any = server
        if key and isinstance(server, str):
            http = AsyncClient(headers={"Authorization": f"Bearer {key}"})
            open_ones.enter_context(portal.wrap_async_context_manager(http))
            transport = streamable_http_client(server, http_client=http)
        client = Client(transport, mode=mode)
        open_ones.enter_context(portal.wrap_async_context_manager(client))
        yield Agent(client, portal)
