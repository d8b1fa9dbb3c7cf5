"""EMEM as the memory of things that move: ``karma eval … --memory docs/examples/emem_memory.py:EmemMemory``."""

from pathlib import Path
from tempfile import mkdtemp

from emem import SpatioTemporalMemory, SpatioTemporalMemoryConfig  # pip install -r requirements/bench.txt

from karma_eval.rivals.emem import EmemEmbedding
from karma_eval.rivals.table import TableKnowledge
from scene_graph.types import ObjectState


class EmemMemory(TableKnowledge):
    def __init__(self, memory, *, robot):
        files = Path(mkdtemp())
        config = SpatioTemporalMemoryConfig(db_path=str(files / "e.db"), hnsw_path=str(files / "e.bin"))
        self.emem = SpatioTemporalMemory(config=config, embedding_provider=EmemEmbedding())
        self.seen = {}
        super().__init__(memory, robot=robot)

    def take(self, seen, frame):  # what to keep of a frame
        self.seen = {o.object_id: o for o in seen}
        for o in seen:
            self.emem.add(self._ontology.get(o.label).word, *o.position, timestamp=1 + o.stamp, metadata={"c": o.label})

    def find(self, query, labels):  # what is known of these classes, or of what a text means
        texts = [self._ontology.get(label).word for label in labels] if labels else [query]
        self.emem.save()
        entries = [e for text in texts for e in self.emem.store.semantic_search(text, n_results=20)]
        states = [ObjectState(e.id, e.metadata["c"], tuple(e.coordinates), e.timestamp - 1) for e in entries]
        return [(s, 0.5) for s in states if not labels or s.label in labels]

    def state(self, object_id):  # what is behind an id of the newest frame
        o = self.seen.get(object_id)
        return o and ObjectState(o.object_id, o.label, o.position, o.stamp, o.states, held=o.held, sensor_id=object_id)

    def kept(self):  # classes that are known at all
        return {o.label for o in self.seen.values()}
