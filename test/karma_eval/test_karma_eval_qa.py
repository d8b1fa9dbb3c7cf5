"""Questions about histories: right answers come from what was in view, and grading takes nothing else."""

import numpy as np
import pytest

from karma_eval.errors import EvalError
from karma_eval.qa.answers import Answer, grade
from karma_eval.qa.history import Recording, Sighting, Visit, record
from karma_eval.qa.karma import KarmaAnswerer
from karma_eval.qa.last_seen import LastSeenAnswerer
from karma_eval.qa.questions import Ability, Asks, Question, make_questions
from karma_eval.qa.run import Exam, examine, summarise_answers
from planner_node.robot import Frame
from scene_graph.types import Observation, View
from sim.simulation import Simulation

TABLE, SHELF = (1.0, 0.0, 0.8), (4.0, 0.0, 1.0)


def looking_at(point, depth):
    """A view from a metre before a point, along map x, that measures one depth everywhere."""
    pose = np.eye(4)
    pose[:3, :3] = np.array([[0, 0, 1], [-1, 0, 0], [0, -1, 0]])
    pose[:3, 3] = (point[0] - 1.0, point[1], point[2])
    return View(pose=pose, intrinsics=(20.0, 20.0, 15.5, 11.5), depth=np.full((24, 32), depth, dtype=np.float32))


def make_recording(moments):
    """A recording from (stamp, visit, [(id, label, position, place, states)], view)."""
    recording = Recording(home="here", seed=0)
    for seq, (stamp, visit, things, view) in enumerate(moments, start=1):
        recording.frames.append(
            Frame(
                seq=seq,
                epoch=0,
                stamp=stamp,
                view=view,
                observations=[
                    Observation(label, at, stamp=stamp, object_id=f"{seq}.{n}", size=(0.1, 0.1, 0.1), states=states)
                    for n, (_, label, at, _, states) in enumerate(things)
                ],
            )
        )
        recording.sightings.append(
            [
                Sighting(
                    stamp=stamp,
                    visit=visit,
                    object_id=object_id,
                    label=label,
                    position=position,
                    place=place,
                    states=frozenset(states),
                    held=False,
                )
                for object_id, label, position, place, states in things
            ]
        )
        for object_id, label, *_ in things:
            recording.labels.setdefault(label, 0)
            if all(object_id != s.object_id for shown in recording.sightings[:-1] for s in shown):
                recording.labels[label] += 1
    recording.visits = [Visit(moments[0][0], moments[-1][0])]
    return recording


def moved_mug():
    mug = "Mug|1"
    return make_recording(
        [
            (0.0, 0, [(mug, "Mug", TABLE, None, {"clean"})], None),
            (10.0, 0, [("Pen|1", "Pen", (1.2, 0.1, 0.8), None, set())], None),
            (2000.0, 1, [(mug, "Mug", SHELF, None, {"dirty"})], None),
            (2100.0, 1, [("Apple|1", "Apple", (2.0, 1.0, 0.9), None, set())], None),
        ]
    )


def asked(recording, text):
    return next(q for q in make_questions(recording, count=1000) if q.text == text)


def test_what_moved_is_an_update_and_its_last_place_is_right():
    question = asked(moved_mug(), "Where is the mug?")
    assert question.ability is Ability.UPDATE
    assert question.position == SHELF
    assert grade(question, Answer(position=SHELF)) == 1.0
    assert grade(question, Answer(position=TABLE)) == 0.0
    assert grade(question, Answer(known=False)) == 0.0


def test_what_left_unseen_is_right_at_its_last_place_only_as_stale():
    recording = make_recording(
        [
            (0.0, 0, [("Mug|1", "Mug", TABLE, None, set())], None),
            (50.0, 1, [], looking_at(TABLE, 3.0)),
        ]
    )
    question = asked(recording, "Where is the mug?")
    assert question.stale is True
    assert grade(question, Answer(position=TABLE, stale=True)) == 1.0
    assert grade(question, Answer(position=TABLE)) == 0.0


def test_a_place_that_something_stood_before_was_not_looked_through():
    recording = make_recording(
        [
            (0.0, 0, [("Mug|1", "Mug", TABLE, None, set())], None),
            (50.0, 1, [], looking_at(TABLE, 0.5)),
        ]
    )
    assert asked(recording, "Where is the mug?").stale is None


def test_never_seen_is_answered_by_not_knowing():
    question = next(q for q in make_questions(moved_mug(), count=1000) if q.ability is Ability.ABSTENTION)
    assert grade(question, Answer(known=False)) == 1.0
    assert grade(question, Answer(position=TABLE)) == 0.0


@pytest.mark.parametrize(
    ("asks", "right", "answers"),
    [
        (Asks.STATE, {"state": "dirty"}, {frozenset({"dirty", "hot"}): 1.0, frozenset({"clean"}): 0.0}),
        (Asks.COUNT, {"count": 2}, {2: 1.0, 3: 0.0, None: 0.0}),
        (Asks.MOVED, {"yes": True}, {True: 1.0, False: 0.0, None: 0.0}),
        (Asks.WHEN, {"stamp": 100.0}, {103.0: 1.0, 110.0: 0.0, None: 0.0}),
        (Asks.ORDER, {"labels": ("Mug", "Pen")}, {("Mug", "Pen"): 1.0, ("Pen", "Mug"): 0.0}),
        (Asks.EACH, {"positions": (TABLE, SHELF)}, {(TABLE,): 2 / 3, (SHELF, TABLE): 1.0, (): 0.0}),
        (Asks.CHANGED, {"labels": ("Mug",)}, {("Mug",): 1.0, ("Mug", "Pen"): 2 / 3, (): 0.0}),
        (Asks.CONTENTS, {"labels": ("Mug", "Pen")}, {("Pen",): 2 / 3, ("Pen", "Mug"): 1.0, (): 0.0}),
    ],
)
def test_grades(asks, right, answers):
    field = {Asks.STATE: "states", Asks.MOVED: "yes"}.get(asks, next(iter(right)))
    question = Question(text="", ability=Ability.EXTRACTION, asks=asks, subjects=("mug",), **right)
    for answer, score in answers.items():
        assert grade(question, Answer(**{field: answer})) == pytest.approx(score)


@pytest.mark.parametrize("answerer", [KarmaAnswerer, LastSeenAnswerer])
def test_memories_follow_what_moved(answerer):
    recording = moved_mug()
    memory = answerer()
    for frame in recording.frames:
        memory.observe(frame)
    assert memory.answer(asked(recording, "Where is the mug?")).position == pytest.approx(SHELF, abs=0.05)
    question = asked(recording, "When did you last see the pen?")
    assert grade(question, memory.answer(question)) == 1.0
    memory.close()


def test_memory_answers_about_the_past_and_about_order():
    recording = moved_mug()
    memory = KarmaAnswerer()
    for frame in recording.frames:
        memory.observe(frame)
    for question in make_questions(recording, count=1000):
        if question.ability in {Ability.TEMPORAL, Ability.ORDER, Ability.MULTI_SESSION, Ability.ABSTENTION}:
            assert grade(question, memory.answer(question)) == 1.0, question
    memory.close()


def test_an_unknown_memory_is_refused_before_anything_is_recorded():
    with pytest.raises(EvalError, match="karma, emem, last seen"):
        examine(Exam(homes=("FloorPlan401",), memories=("nobody",)))


def test_the_same_seed_asks_the_same():
    recording = moved_mug()
    assert make_questions(recording, count=7, seed=3) == make_questions(recording, count=7, seed=3)


@pytest.mark.sim
def test_a_real_home_is_recorded_and_asked():
    with Simulation.start("FloorPlan410") as simulation:
        recording = record(simulation, "FloorPlan410", seed=1, visits=2)
    assert len(recording.visits) == 2
    assert recording.visits[1].start >= recording.visits[0].end + 1800
    questions = make_questions(recording, count=20)
    assert len({q.ability for q in questions}) >= 5
    memory = KarmaAnswerer()
    for frame in recording.frames:
        memory.observe(frame)
    scores = [{"memory": "karma", "ability": q.ability.value, "score": grade(q, memory.answer(q))} for q in questions]
    memory.close()
    assert summarise_answers(scores)[0]["score"] > 0.5


def test_an_exam_that_was_cut_off_goes_on_from_the_homes_that_are_done(tmp_path, monkeypatch):
    done = []

    def home(job, *, memories, seed):
        done.append(job[0])
        return job[0], [{"home": job[0], "number": 0, "memory": m, "score": seed} for m in memories]

    monkeypatch.setattr("karma_eval.qa.run._home", home)
    kept = tmp_path / "homes.jsonl"
    exam = Exam(homes=("FloorPlan1", "FloorPlan2"), questions=3, memories=("last seen",), seed=1)
    whole = examine(exam, kept=kept)
    kept.write_text(kept.read_text()[:-5])
    assert examine(exam, kept=kept) == whole
    assert done == ["FloorPlan1", "FloorPlan2", "FloorPlan2"]
    assert examine(exam, kept=kept) == whole
    assert len(done) == 3
    examine(Exam(homes=("FloorPlan1",), questions=3, memories=("last seen",), seed=1), kept=kept)
    assert len(done) == 4  # it was asked more questions
    kept.write_text("[]\n")
    with pytest.raises(EvalError, match="something else"):
        examine(exam, kept=kept)
