"""Proof that a task can be carried out, and that doing it to the wrong one of two like things earns nothing.

An oracle carries the task out in the simulator before the judge. Where the task binds an instance that has a twin, a
second run does the last instruction about it to the twin, and must fail there.
"""

from __future__ import annotations

import copy
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from karma_eval.changes import apply_change
from karma_eval.errors import TaskError
from karma_eval.judge import InstructionVerdict, Judge
from karma_eval.oracle import Oracle, UnreachableError
from karma_eval.tasks import Instruction, Milestone, Task
from karma_eval.world import Binding, World, origin
from sim.simulation import Simulation

__all__ = ["Proof", "prove", "prove_each"]


@dataclass
class Proof:
    """What the oracle's runs of a task showed.

    Attributes:
        problems: In words; empty if the task holds.
        twins: Instructions done to a twin, all of which failed as they must unless `problems` says otherwise.
    """

    problems: list[str] = field(default_factory=list)
    twins: int = 0


def prove(task: Task, simulation: Simulation, *, seed: int = 0, twins: bool = True) -> Proof:
    """Have an oracle carry out a task, rightly and then, in a second run, to the wrong twins.

    Args:
        task: The task; its scene is loaded anew for each run.
        simulation: A running simulator.
        seed: Of the choices that set-ups leave open.
        twins: Whether to do the runs to twins as well.
    """
    proof = Proof()
    honest = _Run(task, simulation, seed)
    proof.problems += honest.carry_out()
    if proof.problems or not twins:
        return proof
    swaps = _swaps(task, honest)
    if swaps:
        cheat = _Run(task, simulation, seed, swaps=swaps)
        cheat.carry_out()
        proof.twins = sum(name is not None for name in cheat.swapped.values())
        for index, verdict in enumerate(cheat.verdicts):
            if verdict.succeeded and cheat.swapped.get(index) is not None:
                say = task.instructions[index].say
                proof.problems.append(
                    f"instruction {index + 1} ({say!r}): done to another thing than #{swaps[index]}, it succeeds"
                )
    return proof


def prove_each(task: Task, simulation: Simulation, *, seed: int = 0) -> list[list[str]]:
    """Have an oracle carry out what it can of a task, passing over the rest; returns each instruction's problems.

    Args:
        task: The task; its scene is loaded anew.
        simulation: A running simulator.
        seed: Of the choices that set-ups leave open.
    """
    return _Run(task, simulation, seed).carry_out_each()


def _swaps(task: Task, honest: _Run) -> dict[int, str]:
    """The last instruction that tells each name's instance, bound before it, from a twin, and that name."""
    found: dict[str, int] = {}
    for index, instruction in enumerate(task.instructions):
        for name in _names(instruction):
            if name in honest.bound_before[index] and honest.twin(name) is not None:
                found[name] = index
    return {index: name for name, index in found.items()}


def _names(instruction: Instruction) -> list[str]:
    """Names of instances in an instruction's milestones that something is done to."""
    return list(dict.fromkeys(m.subject.name for m in instruction.milestones if m.subject.name))


class _Run:
    """One oracle's run of a task before the judge."""

    def __init__(
        self, task: Task, simulation: Simulation, seed: int, *, swaps: Mapping[int, str] | None = None
    ) -> None:
        self._task = task
        self._simulation = simulation
        self._rng = random.Random(f"{seed}:{task.id}")
        self._swaps = swaps
        self._binding: dict[str, str] = {}
        self._steps = 0
        self.verdicts: list[InstructionVerdict] = []
        self.bound_before: list[dict[str, str]] = []
        self.swapped: dict[int, str | None] = {}
        self._start = World([])

    def carry_out(self) -> list[str]:
        """Run it up to the first instruction that fails; returns what went wrong, in words."""
        problems = self._carry_out(lambda problems: not problems)
        for number, found in enumerate(problems, start=1):
            if found:
                say = self._task.instructions[number - 1].say
                return [f"instruction {number} ({say!r}): {problem}" for problem in found]
        return []

    def carry_out_each(self) -> list[list[str]]:
        """Run all instructions, whatever fails; returns what went wrong with each, in words."""
        return self._carry_out(lambda problems: True)

    def _carry_out(self, goes_on: Callable[[list[str]], bool]) -> list[list[str]]:
        simulation, task = self._simulation, self._task
        simulation.reset(task.place)
        try:
            for change in task.setup:
                self._binding = apply_change(simulation, change, binding=self._binding, rng=self._rng)
        except TaskError as error:
            return [[str(error)] for _ in task.instructions]
        simulation.step("Pass")
        objects = simulation.event.metadata["objects"]
        self._start = World(objects)
        judge = Judge(task, objects, binding=self._binding)
        end = simulation.watch(lambda event: self._observe(judge, event.metadata["objects"]))
        found = []
        try:
            for index, instruction in enumerate(task.instructions):
                try:
                    found.append(self._instruct(judge, index, instruction))
                except TaskError as error:
                    found.append([str(error)])
                if not goes_on(found[-1]):
                    break
                try:
                    self._meanwhile(judge, instruction)
                except TaskError as error:
                    found[-1].append(str(error))
                    if not goes_on(found[-1]):
                        break
        finally:
            end()
        return found

    def twin(self, name: str) -> str | None:
        """Another whole that the task's words for a named instance fit as well, if there is one."""
        types = tuple(dict.fromkeys(t for s in self._task.named if s.name == name for t in s.types))
        taken = set(self._binding.values())
        wholes = dict.fromkeys(origin(i) for i in self._start.matching(types))
        return next((whole for whole in wholes if whole not in taken), None)

    def _observe(self, judge: Judge, objects: list[Mapping[str, object]]) -> None:
        self._steps += 1
        judge.observe(objects, float(self._steps))

    def _instruct(self, judge: Judge, index: int, instruction: Instruction) -> list[str]:
        self.bound_before.append(dict(self._binding))
        judge.begin(index)
        idle = copy.deepcopy(judge).end()
        if idle.error is not None:
            return [idle.error]
        if idle.succeeded:
            return ["a robot that does nothing succeeds"]
        failure = self._achieve_all(judge, index, instruction)
        verdict = judge.end()
        self.verdicts.append(verdict)
        if not verdict.succeeded and self._swaps is None:
            missed = [f"not met by the oracle: {m.milestone}" for m in verdict.milestones if not m.met]
            harm = [f"the oracle's way does harm: {h.label} was {h.kind}" for h in verdict.harm]
            return [*([failure] if failure else []), *(missed if not failure else []), *harm]
        return []

    def _meanwhile(self, judge: Judge, instruction: Instruction) -> None:
        """What somebody else does after an instruction, whatever has come of it."""
        binding = dict(judge.bindings)
        for change in instruction.meanwhile:
            binding = apply_change(self._simulation, change, binding=binding, rng=self._rng)
        if instruction.meanwhile:
            judge.rebase(self._simulation.event.metadata["objects"], binding=binding)
            self._binding |= {k: v for k, v in binding.items() if k not in self._binding}

    def _achieve_all(self, judge: Judge, index: int, instruction: Instruction) -> str | None:
        """Make all milestones true in order, the final ones at the end; returns why not."""
        oracle = Oracle(self._simulation, avoid=tuple(self._binding.values()))
        swapped = (self._swaps or {}).get(index)
        binding = dict(self._binding)
        if swapped is not None:
            other = self.twin(swapped)
            if other is None:
                return "there is no twin"
            binding[swapped] = other
        ordered = [m for m in instruction.milestones if not m.final]
        finals = [m for m in instruction.milestones if m.final]
        failure = None
        for position, milestone in enumerate(ordered):
            met = self._holding(milestone) if swapped is not None else _passed(judge, position)
            try:
                if not met(binding):
                    binding = oracle.achieve(milestone, binding, met)
                elif swapped is None:
                    binding = judge.agreeing(binding)
            except UnreachableError as error:
                failure = str(error)
                break
        for milestone in finals * 2:  # what makes the last of them true may undo the first
            holds = self._holding(milestone)
            try:
                if failure is None and not holds(binding):
                    binding = oracle.achieve(milestone, binding, holds)
            except UnreachableError as error:
                failure = str(error)
        if swapped is None:
            self._binding = binding
        else:
            self.swapped[index] = swapped if failure is None else None
        return failure

    def _holding(self, milestone: Milestone) -> Callable[[Binding], bool]:
        """Whether a milestone holds now."""
        return lambda binding: World(self._simulation.event.metadata["objects"]).holds(milestone, binding)


def _passed(judge: Judge, position: int) -> Callable[[Binding], bool]:
    """Whether the judge has seen the milestone at a position met."""
    return lambda binding: judge.progress(binding) > position
