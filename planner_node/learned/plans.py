"""Reading an instruction's steps together: they are one plan for one goal.

Each sentence by itself leaves much open ("put it down there"); the plan does not. The expert's plans follow few
patterns, in which every step handles one of the goal's things: what is picked up, cleaned and put away is the same
object, and the last place is the goal's. So whole plans are scored: the sentences' readings, added up over each
pattern and each goal, with how often people were shown that pattern. Other sequences of actions stay possible, by
a Markov chain of actions; they get a small share.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from planner_node.learned.labels import (
    ACTIONS,
    FIELD_LABELS,
    FIELDS,
    STEP_OBJECTS,
    STEP_PLACES,
    GoalSpace,
)

__all__ = [
    "PatternStep",
    "PlanModel",
    "PlanReader",
    "PlanReading",
    "PlanWeights",
    "learn_plans",
    "plan_model",
    "plan_patterns",
    "plan_tensors",
]

Array = NDArray[np.float32]

_OBJECT, _CARRIER, _PLACE, _LAMP = FIELDS[1:5]
_TOOL: Final = "tool"
_OPEN: Final = "open"
_TOOLS: Final = ("ButterKnife", "Knife")
_GOTO: Final = ACTIONS.index("GotoLocation")
_PUT: Final = "PutObject"
_OFF_PATTERN: Final = 0.003
"""Share of plans that follow none of the patterns; in the training data it is 0.2 %, people's own steps have more."""
_CHAIN_WEIGHT: Final = 0.25
"""Of the chain of actions where no pattern is followed: it was counted on the experts' plans, which all follow one."""
_LIKELY: Final = 24
"""Patterns that are scored for every goal: those likeliest by their actions."""
_SMOOTHING: Final = 0.5
_FLOOR: Final = 1e-6


@dataclass(frozen=True, slots=True)
class PatternStep:
    """A step of a plan, in terms of the goal.

    Attributes:
        action: One of `labels.ACTIONS`.
        thing: Field of the goal that names what is handled, or ``"tool"``, or "" for none.
        place: Field of the goal that names the place, or ``"open"`` for any, or "" for none. A GotoLocation goes where
            the next step puts something, if it does; otherwise its place is open.
    """

    action: str
    thing: str
    place: str


@dataclass(frozen=True)
class PlanModel:
    """What plans look like.

    Attributes:
        patterns: How often each pattern was the expert's, by task type and whether something was sliced.
        chain: ``(actions + 1, actions + 1)`` log-probabilities of the action after each; the last is start and end.
        goto: ``(actions + 1, places)`` log-probabilities of where a GotoLocation leads, by the action after it.
        things: ``(actions, things)`` log-probabilities of what each action handles.
        places: ``(actions, places)`` log-probabilities of each action's place.
    """

    patterns: Mapping[tuple[PatternStep, ...], Mapping[tuple[str, str], int]]
    chain: Array
    goto: Array
    things: Array
    places: Array


@dataclass(frozen=True, kw_only=True)
class PlanWeights:
    """How far each kind of evidence is trusted, fitted on floor plans that were not learned from.

    Attributes:
        task: Of the instruction's own sentence.
        things: Of what the steps are read to handle.
        places: Of where they are read to put something.
        goto: Of where they are read to go, when that is where something is put next.
        prior: Share of a label's usual frequency that is taken off each reading: it was counted there already.
        patterns: Of how usual the pattern is.
    """

    task: float = 0.7
    things: float = 0.7
    places: float = 0.6
    goto: float = 0.4
    prior: float = 0.5
    patterns: float = 0.7


@dataclass(frozen=True)
class PlanReading:
    """Steps read together.

    Attributes:
        steps: Action, thing and place of each.
        goals: Log-probability of each goal, ``(goals,)``; None where the steps follow no pattern.
    """

    steps: list[tuple[str, str, str]]
    goals: Array | None


def learn_plans(plans: Sequence[tuple[tuple[str, ...], Sequence[tuple[str, str, str]]]]) -> PlanModel:
    """Count patterns.

    Args:
        plans: Goals, in the order of `labels.FIELDS`, with the action, thing and place of each step.
    """
    patterns: dict[tuple[PatternStep, ...], Counter[tuple[str, str]]] = defaultdict(Counter)
    count = len(ACTIONS)
    chain = np.full((count + 1, count + 1), _SMOOTHING)
    goto = np.full((count + 1, len(STEP_PLACES)), 0.05)
    things = np.full((count, len(STEP_OBJECTS)), 0.05)
    places = np.full((count, len(STEP_PLACES)), 0.05)
    for goal, steps in plans:
        pattern = _pattern(goal, steps)
        if pattern is not None:
            patterns[pattern][goal[0], goal[5]] += 1
        actions = [ACTIONS.index(action) for action, _, _ in steps]
        for before, after in zip([count, *actions], [*actions, count], strict=True):
            chain[before, after] += 1
        for i, (_, thing, place) in enumerate(steps):
            things[actions[i], STEP_OBJECTS.index(thing)] += 1
            places[actions[i], STEP_PLACES.index(place)] += 1
            if actions[i] == _GOTO:
                goto[[*actions, count][i + 1], STEP_PLACES.index(place)] += 1
    return PlanModel(
        {pattern: dict(counts) for pattern, counts in patterns.items()}, *map(_logs, (chain, goto, things, places))
    )


def _logs(counts: NDArray[np.float64]) -> Array:
    logs: Array = np.log(counts / counts.sum(axis=1, keepdims=True)).astype(np.float32)
    return logs


def _pattern(goal: tuple[str, ...], steps: Sequence[tuple[str, str, str]]) -> tuple[PatternStep, ...] | None:
    """A plan in terms of its goal; None if it handles something else."""
    fields = dict(zip(FIELDS, goal, strict=True))
    pattern = []
    for action, thing, place in steps:
        kind = ""
        if thing:
            named = [field for field in (_OBJECT, _CARRIER, _LAMP) if fields[field] == thing]
            if not named and thing not in _TOOLS:
                return None
            kind = named[0] if named else _TOOL
        where = ""
        if action == _PUT:
            where = next((field for field in (_PLACE, _CARRIER) if fields[field] == place and kind != _TOOL), _OPEN)
        elif place:
            where = _OPEN
        pattern.append(PatternStep(action, kind, where))
    return tuple(pattern)


class PlanReader:
    """Reads the steps of an instruction together.

    Args:
        model: What plans look like.
        space: Goals.
        weights: How far each kind of evidence is trusted.
    """

    def __init__(self, model: PlanModel, space: GoalSpace, weights: PlanWeights) -> None:
        self.model = model
        self._space = space
        self._weights = weights
        self._by_length: dict[int, list[_Pattern]] = defaultdict(list)
        kinds = list(zip(*(_label_rows(space, field) for field in ("task_type", "object_sliced")), strict=True))
        total = sum(sum(counts.values()) for counts in model.patterns.values())
        for steps, counts in sorted(model.patterns.items(), key=lambda item: repr(item[0])):
            rows = [i for i, kind in enumerate(kinds) if kind in counts]
            share = np.array([np.log(counts[kinds[i]] / total) for i in rows], dtype=np.float32)
            self._by_length[len(steps)].append(_Pattern(steps, np.array(rows, dtype=np.int64), share))
        # Columns of the steps' readings for each goal's fields.
        self._thing_of = {f: _columns(space, f, STEP_OBJECTS) for f in (_OBJECT, _CARRIER, _LAMP)}
        self._place_of = {f: _columns(space, f, STEP_PLACES) for f in (_CARRIER, _PLACE)}

    def read(self, actions: Array, things: Array, places: Array, task: Array | None = None) -> PlanReading:
        """Read steps.

        Args:
            actions: ``(steps, actions)`` probabilities of each sentence by itself.
            things: ``(steps, things)`` likewise.
            places: ``(steps, places)`` likewise.
            task: Log-probabilities of the goals, ``(goals,)``, from the instruction's own sentence.
        """
        logs = (
            np.log(np.maximum(actions, _FLOOR)),
            np.log(np.maximum(things, _FLOOR)),
            np.log(np.maximum(places, _FLOOR)),
        )
        free, free_score = self._chained(logs[0])
        candidates = self._by_length.get(len(actions), [])
        by_actions = np.array([logs[0][np.arange(len(actions)), p.actions].sum() for p in candidates])
        goals = np.full(len(self._space.indices), -np.inf, dtype=np.float32)
        best: tuple[float, _Pattern, int] | None = None
        for index in np.argsort(-by_actions, kind="stable")[:_LIKELY] if candidates else ():
            pattern = candidates[index]
            scores = self._scores(pattern, float(by_actions[index]), logs, task)
            row = int(scores.argmax())
            if best is None or scores[row] > best[0]:
                best = float(scores[row]), pattern, int(pattern.rows[row])
            goals[pattern.rows] = np.logaddexp(goals[pattern.rows], scores)
        if best is None:
            return PlanReading(self._alone(free, logs), None)
        # Both are compared by their actions alone: what is handled is told by every plan equally.
        share = np.log(sum(np.exp(p.share).max() for p in candidates if p.actions == best[1].actions))
        followed = float(logs[0][np.arange(len(actions)), best[1].actions].sum()) + float(share)
        if followed < free_score + np.log(_OFF_PATTERN):
            return PlanReading(self._alone(free, logs), None)
        goals -= np.float32(np.logaddexp.reduce(goals[np.isfinite(goals)]))
        return PlanReading(self._filled(best[1], best[2], logs), goals)

    def _scores(
        self, pattern: _Pattern, by_actions: float, logs: tuple[Array, Array, Array], task: Array | None
    ) -> Array:
        """Log-scores of the pattern's goals."""
        w = self._weights
        scores: Array = np.float32(w.patterns) * pattern.share + np.float32(by_actions)
        if task is not None:
            scores = scores + np.float32(w.task) * task[pattern.rows]
        for field, steps in pattern.things.items():
            read = sum(logs[1][i] - np.float32(w.prior) * self.model.things[pattern.actions[i]] for i in steps)
            if field == _TOOL:
                scores = scores + np.float32(w.things) * max(read[STEP_OBJECTS.index(tool)] for tool in _TOOLS)
            else:
                scores = scores + np.float32(w.things) * read[self._thing_of[field][pattern.rows]]
        for field, steps in pattern.places.items():
            prior = np.float32(w.prior) * self.model.places[ACTIONS.index(_PUT)]
            read = sum(
                np.float32(w.places if pattern.steps[i].action == _PUT else w.goto) * (logs[2][i] - prior)
                for i in steps
            )
            scores = scores + read[self._place_of[field][pattern.rows]]
        return scores

    def _filled(self, pattern: _Pattern, goal: int, logs: tuple[Array, Array, Array]) -> list[tuple[str, str, str]]:
        """The pattern's steps for one goal; what is open is as the sentences say."""
        fields = dict(zip(FIELDS, self._space.goal(goal), strict=True))
        tool_steps = pattern.things.get(_TOOL, [])
        tool = max(_TOOLS, key=lambda name: float(sum(logs[1][i][STEP_OBJECTS.index(name)] for i in tool_steps)))
        places = {i: fields[field] for field, steps in pattern.places.items() for i in steps}
        for steps in pattern.open:
            following = [*pattern.actions, len(ACTIONS)][steps[0] + 1]
            scores = sum(logs[2][i] for i in steps)
            if pattern.actions[steps[0]] == _GOTO:
                scores = scores + self.model.goto[following] * np.float32(self._weights.prior)
            places |= dict.fromkeys(steps, STEP_PLACES[1 + int(np.argmax(scores[1:]))])
        return [
            (step.action, tool if step.thing == _TOOL else fields.get(step.thing, ""), places.get(i, ""))
            for i, step in enumerate(pattern.steps)
        ]

    def _alone(self, actions: Sequence[int], logs: tuple[Array, Array, Array]) -> list[tuple[str, str, str]]:
        """Each step as its own sentence reads, given its action."""
        result = []
        for i, action in enumerate(actions):
            thing = STEP_OBJECTS[int((logs[1][i] + self.model.things[action]).argmax())]
            place = STEP_PLACES[int((logs[2][i] + self.model.places[action]).argmax())]
            result.append((ACTIONS[action], thing, place))
        return result

    def _chained(self, actions: Array) -> tuple[list[int], float]:
        """The likeliest sequence of actions by the chain, and its log-score (Viterbi, 1967)."""
        if not len(actions):
            return [], 0.0
        chain, end = _CHAIN_WEIGHT * self.model.chain, len(ACTIONS)
        score = chain[end, :end] + actions[0]
        back = []
        for row in actions[1:]:
            step = score[:, None] + chain[:end, :end]
            back.append(step.argmax(axis=0))
            score = step.max(axis=0) + row
        score = score + chain[:end, end]
        path = [int(score.argmax())]
        for before in reversed(back):
            path.append(int(before[path[-1]]))
        return path[::-1], float(score.max())


class _Pattern:
    """A pattern, made ready for scoring.

    Args:
        steps: Its steps.
        rows: Goals that it may serve.
        share: Log of how often it serves a goal of that kind.
    """

    def __init__(self, steps: tuple[PatternStep, ...], rows: NDArray[np.int64], share: Array) -> None:
        self.steps, self.rows, self.share = steps, rows, share
        self.actions = tuple(ACTIONS.index(step.action) for step in steps)
        self.things: dict[str, list[int]] = defaultdict(list)
        self.places: dict[str, list[int]] = defaultdict(list)
        self.open: list[list[int]] = []
        for i, step in enumerate(steps):
            if step.thing:
                self.things[step.thing].append(i)
            if step.action == _PUT:
                # The step before it went there.
                group = [i - 1, i] if i and steps[i - 1].action == ACTIONS[_GOTO] else [i]
                if step.place == _OPEN:
                    self.open.append(group)
                else:
                    self.places[step.place] += group
            elif step.place and not (i + 1 < len(steps) and steps[i + 1].action == _PUT):
                self.open.append([i])


def _label_rows(space: GoalSpace, field: str) -> list[str]:
    labels = FIELD_LABELS[field]
    return [labels[i] for i in space.indices[:, FIELDS.index(field)]]


def _columns(space: GoalSpace, field: str, names: tuple[str, ...]) -> NDArray[np.int64]:
    index = {name: i for i, name in enumerate(names)}
    columns = np.array([index.get(label, 0) for label in FIELD_LABELS[field]])
    result: NDArray[np.int64] = columns[space.indices[:, FIELDS.index(field)]]
    return result


def plan_tensors(model: PlanModel) -> dict[str, Array]:
    """The model's tables as flat tensors, which are stored as they are."""
    return {name: getattr(model, name).reshape(-1) for name in _TABLES}


def plan_patterns(model: PlanModel) -> list[list[Any]]:
    """The model's patterns as JSON: steps, then how often each kind of goal had them."""
    return [
        [[[s.action, s.thing, s.place] for s in steps], [[*kind, count] for kind, count in sorted(counts.items())]]
        for steps, counts in sorted(model.patterns.items(), key=lambda item: repr(item[0]))
    ]


def plan_model(patterns: Sequence[Sequence[Any]], tensors: Mapping[str, Array]) -> PlanModel:
    """The model from what `plan_patterns` and `plan_tensors` made of it."""
    return PlanModel(
        {
            tuple(PatternStep(*step) for step in steps): {(kind, sliced): count for kind, sliced, count in counts}
            for steps, counts in patterns
        },
        **{name: tensors[name].reshape(rows, -1) for name, rows in _TABLES.items()},
    )


_TABLES: Final = {
    "chain": len(ACTIONS) + 1,
    "goto": len(ACTIONS) + 1,
    "things": len(ACTIONS),
    "places": len(ACTIONS),
}
"""Tables of a `PlanModel`, with their rows."""
