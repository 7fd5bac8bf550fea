"""A server that wants other credentials, as a client that connects sees it."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import grpc
import pytest

from citewell.corpus.errors import ClusterRefused
from citewell.index.address import Address
from citewell.index.milvus import Milvus


class Refusing(grpc.GenericRpcHandler):  # type: ignore[misc]
    """Whatever is asked."""

    def service(self, details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler:
        return grpc.unary_unary_rpc_method_handler(
            lambda request, context: context.abort(grpc.StatusCode.UNAUTHENTICATED, "auth check failure")
        )


@pytest.fixture
def port() -> Iterator[int]:
    with ThreadPoolExecutor(2) as threads:
        server = grpc.server(threads)
        server.add_generic_rpc_handlers((Refusing(),))
        found: int = server.add_insecure_port("127.0.0.1:0")
        server.start()
        yield found
        server.stop(None).wait()


def test_refused_credentials_are_named_and_not_told(port: int) -> None:
    client = Milvus(Address.of(f"milvus://127.0.0.1:{port}", "root:wrong-word"))
    with pytest.raises(ClusterRefused, match="Set passages_token") as refused:
        client.target("books")
    assert "wrong-word" not in str(refused.value)
