"""The judge: whether each instruction was carried out, by ground truth at every step.

It reads what the robot never sees. An instruction succeeds when its milestones were met in order, each at any moment
since the instruction began, and nothing that the task does not name was changed for good.

A name such as ``Tomato#t`` is one instance throughout the task, but the task does not say which. So the judge follows
every way to bind the names at once, and the task succeeds if one of them carries through.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from karma_eval.errors import AlreadyTrueError
from karma_eval.tasks import Milestone, Task
from karma_eval.world import World, origin

__all__ = ["InstructionVerdict", "Judge", "MilestoneVerdict", "SideEffect"]

_MOVED = 0.3
"""Metres by which an object must have moved for its move to be reported as a side effect."""

_FLAGS = ("isOpen", "isToggled", "isDirty", "isFilledWithLiquid", "isUsedUp")
_MAX_HYPOTHESES = 4096


@dataclass(frozen=True)
class MilestoneVerdict:
    """When a milestone was met.

    Attributes:
        milestone: In words.
        met: Whether it was.
        stamp: When, simulated seconds; None if it was not.
    """

    milestone: str
    met: bool
    stamp: float | None


@dataclass(frozen=True)
class SideEffect:
    """A change that nobody asked for.

    Attributes:
        kind: ``sliced``, ``broken``, ``cooked``, ``thrown away`` (these fail the task), ``moved``, or a state flag.
        label: Class of the object.
        object_id: Its simulator id.
        stamp: When it was noticed, simulated seconds.
    """

    kind: str
    label: str
    object_id: str
    stamp: float


@dataclass(frozen=True)
class InstructionVerdict:
    """What the judge says of one instruction.

    Attributes:
        succeeded: Milestones met in order, and no harm done; None when there were no milestones to judge by.
        milestones: One verdict each.
        harm: Irreversible changes to what the task does not name.
        error: Why it could not be judged, if so.
    """

    succeeded: bool | None
    milestones: tuple[MilestoneVerdict, ...] = ()
    harm: tuple[SideEffect, ...] = ()
    error: str | None = None


@dataclass(frozen=True)
class _Hypothesis:
    """One way to bind the task's names, and how far its milestones were met."""

    binding: tuple[tuple[str, str], ...] = ()
    met: tuple[float, ...] = field(default=(), compare=False)
    progress: int = 0

    @property
    def as_mapping(self) -> dict[str, str]:
        return dict(self.binding)


class Judge:
    """Follows a run of one task.

    Call `begin` before an instruction, `observe` with every event, `end` after it, and `rebase` when somebody else
    has changed the world.

    Args:
        task: What was asked.
        objects: The objects' metadata when the run begins, after the task's set-up.
        binding: Names that the set-up bound.
    """

    def __init__(
        self, task: Task, objects: Sequence[Mapping[str, Any]], *, binding: Mapping[str, str] | None = None
    ) -> None:
        self._task = task
        self._washed: set[str] = set()
        self._world = World(objects)
        self._irreversible = _irreversible(self._world)
        self._harm: list[SideEffect] = []
        self._harm_before = 0
        self._baseline = self._world
        self._effects: list[SideEffect] = []
        self._hypotheses: list[_Hypothesis] = [_Hypothesis(tuple(sorted((binding or {}).items())))]
        self._pending: tuple[Milestone, ...] = ()
        self._finals: tuple[Milestone, ...] = ()
        self._milestones: tuple[Milestone, ...] = ()
        self._error: str | None = None
        self._stamp = 0.0

    def begin(self, index: int) -> None:
        """An instruction begins.

        Raises:
            AlreadyTrueError: If, before the robot has done anything, one of its milestones holds.
        """
        self._milestones = self._task.instructions[index].milestones
        self._pending = tuple(m for m in self._milestones if not m.final)
        self._finals = tuple(m for m in self._milestones if m.final)
        self._hypotheses = list({replace(h, met=(), progress=0): None for h in self._hypotheses})
        self._harm_before = len(self._harm)
        self._error = self._already_true()
        if self._error is not None and index == 0:
            raise AlreadyTrueError(f"task {self._task.id}, instruction 1: {self._error}")

    def observe(self, objects: Sequence[Mapping[str, Any]], stamp: float) -> None:
        """Take in the world after one action.

        Args:
            objects: The event's ``metadata["objects"]``.
            stamp: Simulated seconds.
        """
        self._stamp = stamp
        world = World(objects, washed=self._washed)
        newly_washed = world.under_running_tap() - self._washed
        if newly_washed:
            self._washed |= newly_washed
            world = World(objects, washed=self._washed)
        self._world = world
        now = _irreversible(world)
        for kind, object_id in sorted(now - self._irreversible):
            label = object_id.split("|", 1)[0]
            self._harm.append(SideEffect(kind=kind, label=label, object_id=object_id, stamp=stamp))
        self._irreversible |= now
        self._advance()

    def rebase(self, objects: Sequence[Mapping[str, Any]], *, binding: Mapping[str, str] | None = None) -> None:
        """Somebody else changed the world: what differs now is not the robot's doing.

        Args:
            objects: The objects' metadata after the change.
            binding: Names, with those that the change bound.
        """
        fixed = dict(binding or {})
        agreeing = [h for h in self._hypotheses if fixed.items() >= h.as_mapping.items()] or self._hypotheses
        self._hypotheses = [replace(h, binding=tuple(sorted({**fixed, **h.as_mapping}.items()))) for h in agreeing]
        self._effects = self.side_effects()
        self._world = World(objects, washed=self._washed)
        self._irreversible |= _irreversible(self._world)
        self._baseline = self._world

    def end(self) -> InstructionVerdict:
        """The instruction is over: its verdict."""
        complete = [
            replace(h, binding=tuple(sorted(binding.items())))
            for h in self._hypotheses
            if h.progress == len(self._pending)
            for binding in self._together(self._finals, h.as_mapping)
        ]
        harmless = [h for h in complete if not self._unnamed_harm(h)]
        best = max(harmless or complete or self._hypotheses, key=lambda h: h.progress)
        if complete:
            self._hypotheses = harmless or complete
        else:
            self._hypotheses = [h for h in self._hypotheses if h.progress == best.progress]
        harm = self._unnamed_harm(best)
        succeeded: bool | None = bool(harmless) and self._error is None
        if not self._milestones:
            succeeded = None
        return InstructionVerdict(succeeded=succeeded, milestones=self._report(best), harm=harm, error=self._error)

    def progress(self, binding: Mapping[str, str]) -> int:
        """How many of the instruction's milestones that are not final were met, with names bound like this."""
        return max((h.progress for h in self._hypotheses if _agree(h.as_mapping, binding)), default=0)

    def agreeing(self, binding: Mapping[str, str]) -> dict[str, str]:
        """The bindings of the farthest of the ways that are open with names bound like this, with these names."""
        ways = [h for h in self._hypotheses if _agree(h.as_mapping, binding)]
        best = max(ways, key=lambda h: h.progress, default=None)
        return {**(best.as_mapping if best is not None else {}), **binding}

    @property
    def bindings(self) -> dict[str, str]:
        """The names bound so far, in the best of the ways that are still open."""
        return self._hypotheses[0].as_mapping if self._hypotheses else {}

    def meets(self, object_ids: Sequence[str], selector_index: tuple[int, int]) -> bool:
        """Whether one of these objects is what an instruction needs.

        Args:
            object_ids: Simulator ids.
            selector_index: (instruction, index into its ``needs``).
        """
        instruction, need = selector_index
        wanted = set(self._world.select(self._task.instructions[instruction].needs[need], self.bindings))
        wanted |= {origin(i) for i in wanted}
        return any(i in wanted or origin(i) in wanted for i in object_ids)

    def side_effects(self) -> list[SideEffect]:
        """Reversible changes by the robot to what the task does not name, each once."""
        result = list(self._effects)
        known = {(effect.kind, effect.object_id) for effect in result}
        for object_id, metadata in self._world.by_id.items():
            before = self._baseline.by_id.get(object_id)
            if before is None or self._is_named(object_id, self.bindings):
                continue
            distance = sum((metadata["position"][a] - before["position"][a]) ** 2 for a in "xyz") ** 0.5
            kinds = ["moved"] if distance > _MOVED else []
            kinds += [flag for flag in _FLAGS if metadata[flag] != before[flag]]
            label = metadata["objectType"]
            result += [SideEffect(k, label, object_id, self._stamp) for k in kinds if (k, object_id) not in known]
        return result

    def _together(self, milestones: Sequence[Milestone], binding: Mapping[str, str]) -> Iterator[dict[str, str]]:
        """The ways to bind names so that all of these hold now, each name the same instance in all of them."""
        if not milestones:
            yield dict(binding)
            return
        for extended in self._world.extensions(milestones[0], binding):
            yield from self._together(milestones[1:], extended)

    def _already_true(self) -> str | None:
        """Why an instruction is no test: a milestone holds that neither is final nor has to be undone first."""
        for index, milestone in enumerate(self._pending):
            undone_first = any(earlier.excludes(milestone) for earlier in self._pending[:index])
            if undone_first:
                continue
            if any(next(self._world.extensions(milestone, h.as_mapping), None) is not None for h in self._hypotheses):
                return f"the milestone {milestone} already holds when it begins; change the task's setup or milestone"
        if (
            self._finals
            and not self._pending
            and any(next(self._together(self._finals, h.as_mapping), None) is not None for h in self._hypotheses)
        ):
            return "all its milestones are final and already hold when it begins; add one that does not"
        return None

    def _advance(self) -> None:
        """Move every hypothesis past the milestones that hold now, and follow each new way to bind a name."""
        known = dict.fromkeys(self._hypotheses)
        queue = list(self._hypotheses)
        while queue:
            hypothesis = queue.pop()
            if hypothesis.progress >= len(self._pending):
                continue
            milestone = self._pending[hypothesis.progress]
            binds = any(s.name and s.name not in hypothesis.as_mapping for s in milestone.selectors)
            for binding in self._world.extensions(milestone, hypothesis.as_mapping):
                advanced = _Hypothesis(
                    binding=tuple(sorted(binding.items())),
                    met=(*hypothesis.met, self._stamp),
                    progress=hypothesis.progress + 1,
                )
                if advanced not in known and len(known) < _MAX_HYPOTHESES:
                    known[advanced] = None
                    queue.append(advanced)
                if not binds:
                    # Nothing was chosen, so nothing is lost by not staying behind.
                    known.pop(hypothesis, None)
        self._hypotheses = list(known)

    def _report(self, hypothesis: _Hypothesis) -> tuple[MilestoneVerdict, ...]:
        stamps = iter(hypothesis.met)
        verdicts = []
        for milestone in self._milestones:
            if milestone.final:
                met = self._world.holds(milestone, hypothesis.as_mapping)
                stamp = self._stamp if met else None
            else:
                stamp = next(stamps, None)
                met = stamp is not None
            verdicts.append(MilestoneVerdict(milestone=str(milestone), met=met, stamp=stamp))
        return tuple(verdicts)

    def _unnamed_harm(self, hypothesis: _Hypothesis) -> tuple[SideEffect, ...]:
        """Harm of this instruction to what the task does not name."""
        binding = hypothesis.as_mapping
        return tuple(h for h in self._harm[self._harm_before :] if not self._is_named(h.object_id, binding))

    def _is_named(self, object_id: str, binding: Mapping[str, str]) -> bool:
        """Whether the task names an object, by its instance's name or by its type, or names what it is a piece of."""
        whole = origin(object_id)
        for selector in self._task.named:
            if selector.name and selector.name in binding:
                if binding[selector.name] == whole:
                    return True
            elif any(whole == origin(i) for w in (self._world, self._baseline) for i in w.matching(selector.types)):
                return True
        return False


def _agree(a: Mapping[str, str], b: Mapping[str, str]) -> bool:
    """Whether two bindings give no name different instances."""
    return all(b.get(name, whole) == whole for name, whole in a.items())


def _irreversible(world: World) -> set[tuple[str, str]]:
    """(kind, whole) of all that cannot be undone."""
    found: set[tuple[str, str]] = set()
    bins = set(world.matching(("GarbageCan",)))
    for object_id, metadata in world.by_id.items():
        whole = origin(object_id)
        if metadata["isSliced"] or whole != object_id:
            found.add(("sliced", whole))
        if metadata["isBroken"]:
            found.add(("broken", whole))
        if metadata["isCooked"]:
            found.add(("cooked", whole))
        if metadata["pickupable"] and not bins.isdisjoint(world.ancestors(object_id)):
            found.add(("thrown away", whole))
    return found
