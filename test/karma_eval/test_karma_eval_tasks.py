import pytest

from karma_eval.errors import TaskError
from karma_eval.tasks import Milestone, Predicate, Selector, load_milestones, load_tasks

GOOD = """
- id: complex-03
  class: complex
  scene: FloorPlan1
  setup: [{put: [Mug, Shelf]}, {state: [DeskLamp, off]}]
  instructions:
    - say: "Slice the tomato."
      milestones: [{state: [Tomato#t, sliced]}]
      needs: [Tomato, Knife|ButterKnife]
    - say: "Put a piece of the red fruit on the plate you saw before."
      milestones: [{on: [TomatoSliced#t, Plate]}]
      needs: [Tomato#t, Plate]
      may: [Bowl]
      meanwhile: [{put: [Plate, Cabinet]}]
"""


def write(tmp_path, text, name="tasks.yaml"):
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


def test_the_contracts_example_is_read(tmp_path):
    (task,) = load_tasks(write(tmp_path, GOOD))
    assert task.scene == "FloorPlan1"
    assert str(task.setup[1]) == "make DeskLamp off"
    first, second = task.instructions
    assert first.milestones[0].subject == Selector(types=("Tomato",), name="t")
    assert first.needs[1].types == ("Knife", "ButterKnife")
    assert str(second.meanwhile[0]) == "put Plate in or on Cabinet"
    assert {str(s) for s in task.named} >= {"Tomato#t", "Plate", "Bowl", "Knife|ButterKnife"}


@pytest.mark.parametrize("word", ["on", "off", "open", "closed"])
def test_on_and_off_are_words(tmp_path, word):
    text = GOOD.replace("[Tomato#t, sliced]", f"[FloorLamp, {word}]")
    assert load_tasks(write(tmp_path, text))[0].instructions[0].milestones[0].state == word


def test_milestones_carry_count_final_and_not(tmp_path):
    path = write(tmp_path, "- [{in: [Pen, Drawer], count: 2}, {not: {held: Pen}, final: true}]\n- []\n")
    (first, second), empty = load_milestones(path)
    assert (first.predicate, first.count, first.final) == (Predicate.IN, 2, False)
    assert (second.predicate, second.negated, second.final) == (Predicate.HELD, True, True)
    assert empty == ()


@pytest.mark.parametrize(
    ("old", "new", "line", "reason"),
    [
        ("class: complex", "class: hard", 3, "simple"),
        ("{state: [Tomato#t, sliced]}", "{state: [Tomato#t, sliect]}", 8, "no state"),
        ("{state: [Tomato#t, sliced]}", "{inside: [Tomato, Fridge]}", 8, "one predicate"),
        ("{state: [Tomato#t, sliced]}", "{in: [Tomato]}", 8, "takes 2"),
        ("{state: [Tomato#t, sliced]}", "{state: [tomato 1, sliced]}", 8, "is no object"),
        ("meanwhile:", "meanwile:", 13, "meanwile"),
        ('say: "Slice the tomato."', 'say: " "', 7, "needs words"),
        ("scene: FloorPlan1", "home: []", 4, "scene"),
        ("{put: [Plate, Cabinet]}", "{push: [Plate, Cabinet]}", 13, "push"),
    ],
)
def test_a_mistake_is_told_with_file_and_line(tmp_path, old, new, line, reason):
    assert old in GOOD
    path = write(tmp_path, GOOD.replace(old, new))
    with pytest.raises(TaskError) as caught:
        load_tasks(path)
    message = str(caught.value)
    assert reason in message
    assert abs(int(message.removeprefix(f"{path}:").split(":")[0]) - line) <= 2, message


@pytest.mark.parametrize("text", ["", "just words", "a: {", "- - -", "- id: x\n", "[1, 2]", "- id: [\n"])
def test_what_is_no_task_file_is_refused(tmp_path, text):
    with pytest.raises(TaskError, match=r"tasks\.yaml"):
        load_tasks(write(tmp_path, text))


def test_missing_and_binary_files_are_refused(tmp_path):
    with pytest.raises(TaskError, match="cannot be read"):
        load_tasks(tmp_path / "none.yaml")
    path = tmp_path / "binary.yaml"
    path.write_bytes(bytes(range(256)))
    with pytest.raises(TaskError):
        load_tasks(path)


def test_ids_are_unique(tmp_path):
    with pytest.raises(TaskError, match="used twice"):
        load_tasks(write(tmp_path, GOOD + GOOD))


@pytest.mark.parametrize("text", ["in: [Pen, Drawer]", "- {in: [Pen, Drawer]}", "- [[x]]", "- [{held: 3}]"])
def test_malformed_milestones_are_refused(tmp_path, text):
    with pytest.raises(TaskError, match=r"m\.yaml"):
        load_milestones(write(tmp_path, text, "m.yaml"))


def test_states_exclude_each_other_and_places_too():
    def read(**kwargs):
        return Milestone.model_validate(kwargs)

    on, off = read(state=["Lamp#a", "on"]), read(state=["Lamp#a", "off"])
    assert on.excludes(off)
    assert not on.excludes(read(state=["Lamp#b", "off"]))
    assert not on.excludes(read(state=["Lamp#a", "clean"]))
    assert read(held="Apple").excludes(read(on=["Apple", "Plate"]))
    assert not read(**{"in": ["Apple", "Bowl"]}).excludes(read(state=["Apple", "cold"]))
