"""Training the order reader, and numpy reading what torch learned; skipped where torch is not installed."""

import numpy as np
import pytest

from memory_node.embeddings import minilm_folder
from planner_node.orders.corpus import SKILLS, parse_line
from planner_node.orders.reader import OrderReader, load_tokenizer, piece_slice, trained_tensors

torch = pytest.importorskip("torch", reason="torch is installed for training only")

LINES = [
    "Wash the plate. => wash(the plate)",
    "Fork and spoon to the sink. => move(Fork > the sink) ; move(spoon > the sink)",
    "Counter, please. => move(^ > Counter)",
    "Thanks a lot! => -",
]


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    from planner_node.orders.train import Course, main

    folder = tmp_path_factory.mktemp("orders")
    corpus, phrases = folder / "corpus.txt", folder / "phrases.txt"
    corpus.write_text("\n".join(f"{'Well, ' * i}{line}" for i in range(8) for line in LINES) + "\n")
    phrases.write_text("what I eat from | Plate Bowl\nwhat I eat with | Fork Spoon\nmy guitar | -\n")
    course = Course(epochs=2, phrase_epochs=1, held_out=0.1)
    figures = main(folder / "weights.safetensors", corpus=corpus, phrases=phrases, course=course)
    assert figures["texts"] > 0
    return folder / "weights.safetensors"


def test_training_writes_weights_that_read(weights):
    reader = OrderReader.load(weights)
    assert 0 <= reader.read("Wash the plate.").confidence <= 1
    assert {"Plate", "Fork", "-"} <= set(reader.kinds)


def test_numpy_computes_what_torch_does(weights):
    from safetensors.numpy import load_file

    from planner_node.learned import networks as n
    from planner_node.learned.finetune import LAYERS
    from planner_node.orders.networks import OrderHeads
    from planner_node.orders.reader import FROZEN
    from planner_node.orders.train import trained_state

    reader = OrderReader.load(weights)
    pretrained = load_file(minilm_folder() / "model.safetensors")
    networks = torch.nn.ModuleDict(
        {
            "words": n.WordPieces(pretrained),
            "lower": n.Layers(pretrained, range(FROZEN)),
            "layers": n.Layers(pretrained, range(FROZEN, LAYERS)),
            "heads": OrderHeads(len(reader.kinds)),
        }
    )
    networks.load_state_dict(trained_state(weights), strict=False)
    networks.eval()
    text = "Fork and spoon to the sink."
    ids, offsets = load_tokenizer(minilm_folder())(text)
    mask = torch.ones(1, len(ids), dtype=torch.bool)
    with torch.no_grad():
        states = networks["layers"](networks["lower"](networks["words"](torch.tensor([ids])), mask), mask)[0]
        thing = piece_slice(parse_line(LINES[1]).orders[0].thing, offsets)
        doings = networks["heads"].doings(states, [None, thing]).sigmoid().numpy()
        kinds = networks["heads"].meant(states[None], mask).softmax(dim=1)[0].numpy()
    assert np.allclose(reader._doings(states.numpy(), [None, thing]), doings, atol=1e-4)
    assert np.allclose(list(reader.classes(text).values()), kinds, atol=1e-4)
    assert doings.shape == (2, len(SKILLS))


def test_training_goes_on_from_weights(weights, tmp_path):
    from planner_node.orders.train import Course, main

    corpus = tmp_path / "corpus.txt"
    corpus.write_text("\n".join(LINES * 3) + "\n")
    phrases = tmp_path / "phrases.txt"
    phrases.write_text("what I eat from | Plate Bowl\nwhat I eat with | Fork Spoon\nmy guitar | -\nwhat I drink | -\n")
    course = Course(epochs=1, phrase_epochs=1, held_out=0.0)
    main(tmp_path / "more.safetensors", corpus=corpus, phrases=phrases, start=weights, course=course)
    assert trained_tensors(tmp_path / "more.safetensors").keys() == trained_tensors(weights).keys()
