"""Which embedder a command gets."""

import pytest

from citewell.index import cuda_embedder
from citewell.index.cuda_embedder import CudaEmbedder
from citewell.index.onnx_embedder import OnnxEmbedder
from citewell.service.options import embedder


@pytest.mark.parametrize(
    ("bulk", "present", "kind"),
    [
        (True, True, CudaEmbedder),
        (True, False, OnnxEmbedder),
        (False, True, OnnxEmbedder),
        (False, False, OnnxEmbedder),
    ],
)
def test_a_device_is_used_for_bulk_embedding_alone(
    monkeypatch: pytest.MonkeyPatch, bulk: bool, present: bool, kind: type
) -> None:
    monkeypatch.setattr(cuda_embedder, "cuda_seems_present", lambda: present)
    assert type(embedder(bulk=bulk)) is kind
