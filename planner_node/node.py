"""The node `planner`: carries out plain instructions with whatever robot and memory other nodes serve."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from karma import msg
from karma.action import ExecuteTask
from rclpy.action import ActionServer, CancelResponse, GoalResponse
from rclpy.task import Future

from planner_node.agent import Agent
from planner_node.errors import PlannerError
from planner_node.experience import Experience
from planner_node.goals import LearnedPlanner
from planner_node.planner import Planner
from planner_node.result import Event, EventKind, TaskResult
from planner_node.ros.knowledge import RosKnowledge
from planner_node.ros.messages import task_result_to_message
from planner_node.ros.robot import RosRobot
from planner_node.rules import RulesPlanner
from scene_graph.ros.managed import ManagedNode, NodeError, run
from scene_graph.ros.qos import LATCHED

__all__ = ["PlannerNode", "main"]

_PLANNERS = ("rules", "learned", "llm")
_MODES = ("plan", "step")
_OUTPUTS = ("json_schema", "tools", "text")


@dataclass(eq=False)
class _Turn:
    """An instruction that waits or is carried out.

    Attributes:
        given_up: Whether it was cancelled.
        begun: Whether its turn has come.
        ended: Its `TaskResult`.
    """

    given_up: bool = False
    begun: bool = False
    ended: Future = field(default_factory=Future)


def _cancelled(goal: Any) -> TaskResult:
    return TaskResult(instruction=goal.request.instruction, cancelled=True, reason="cancelled")


class PlannerNode(ManagedNode):
    """Serves `execute_task`: one instruction at a time, others queued, with feedback and cancel."""

    def __init__(self) -> None:
        super().__init__("planner", errors=(PlannerError,))
        self.parameter("robot", "robot", "name of the robot's node, relative to this node's namespace; read at start")
        self.parameter("memory", "memory", "name of the memory node, likewise")
        self.parameter("scene_graph", "scene_graph", "name of the scene_graph node, likewise")
        self.parameter("observer", "", "name of the node whose ~/observations to take; empty: the robot")
        self.parameter("planner", "learned", "who turns words into plans", choices=_PLANNERS)
        self.parameter("llm_base_url", "", "OpenAI-compatible endpoint, ending in /v1; empty: OpenAI's own")
        self.parameter("llm_model", "gpt-4o-mini", "name of the model there")
        self.parameter("llm_api_key_env", "OPENAI_API_KEY", "environment variable that holds the key")
        self.parameter("llm_timeout", 30.0, "of one request, seconds", low=1.0, high=600.0)
        self.parameter("llm_mode", "plan", "ask for the whole plan, or step by step", choices=_MODES)
        self.parameter("llm_output", "json_schema", "how replies are held to the schema", choices=_OUTPUTS)
        self.parameter("llm_budget", 0.0, "most that the model may cost, by llm_prices; 0: no bound", low=0.0, high=1e6)
        self.parameter("llm_prices", [0.0, 0.0], "of a million tokens of prompt and of reply")
        self.parameter("llm_transcript", "", "file to which every exchange is appended, keys redacted; empty: none")
        self.parameter("experience", "", "file that keeps what tasks taught across restarts; empty: this process only")
        self.parameter("queue", 8, "instructions that may wait while one is carried out", low=0, high=100)
        self.parameter("service_timeout", 30.0, "longest wait for an answer of memory, seconds", low=0.1, high=600.0)
        self.parameter("skill_timeout", 300.0, "longest wait for a skill of the robot, seconds", low=1.0, high=7200.0)
        self._robot = RosRobot(
            self,
            str(self.value("robot")),
            observer=str(self.value("observer")),
            skill_timeout=self.value("skill_timeout"),
        )
        self._knowledge = RosKnowledge(
            self, str(self.value("memory")), str(self.value("scene_graph")), timeout=self.value("service_timeout")
        )
        self._agent: Agent | None = None
        self._experience: Experience | None = None
        self._turns: dict[bytes, _Turn] = {}
        self._goal: Any = None
        self._done = 0
        self._instruction = ""
        self._status = self.create_publisher(msg.PlannerStatus, "~/status", LATCHED)
        self._tasks = ActionServer(
            self,
            ExecuteTask,
            "~/execute_task",
            self._execute,
            goal_callback=lambda _: GoalResponse.ACCEPT,
            cancel_callback=self._cancel,
        )

    # Life cycle.

    def configure(self) -> None:
        """Make the planner."""
        planner = self._make_planner()
        # A model that answers nothing usable is followed by the learned planner; that one has the rules in it.
        fallback = LearnedPlanner() if self.chosen("planner", _PLANNERS) == "llm" else None
        path = str(self.value("experience"))
        self._experience = Experience(Path(path).expanduser() if path else None)
        self._agent = Agent(
            self._robot,
            self._knowledge,
            planner=planner,
            fallback=fallback,
            on_event=self._tell,
            experience=self._experience,
        )

    def activate(self) -> None:
        """Say that the planner is idle."""
        self.submit(self._publish_status, msg.PlannerStatus.IDLE, "")

    def deactivate(self) -> None:
        """Stop what is being carried out."""
        if self._agent is not None:
            self._agent.cancel()

    def cleanup(self) -> None:
        """Stop what is being carried out, and forget the conversation."""
        self.deactivate()
        self._agent = None
        if self._experience is not None:
            self._experience.close()
            self._experience = None

    def _make_planner(self) -> Planner:
        name = self.chosen("planner", _PLANNERS)
        if name == "rules":
            return RulesPlanner()
        if name == "llm":
            from planner_node.llm import LlmConfig, LlmPlanner

            prices = [float(price) for price in self.value("llm_prices")]
            if len(prices) != 2:
                raise PlannerError(f"llm_prices takes two numbers, of prompt and of reply, got {prices}")
            transcript = str(self.value("llm_transcript"))
            config = LlmConfig(
                base_url=str(self.value("llm_base_url")) or None,
                model=str(self.value("llm_model")),
                api_key_env=str(self.value("llm_api_key_env")),
                timeout=float(self.value("llm_timeout")),
                mode=self.chosen("llm_mode", _MODES),
                output=self.chosen("llm_output", _OUTPUTS),
                prices=(prices[0], prices[1]),
                budget=float(self.value("llm_budget")) or None,
                transcript=Path(transcript).expanduser() if transcript else None,
            )
            return LlmPlanner(config)
        return LearnedPlanner()

    # The task.

    def _cancel(self, goal: Any) -> Any:
        turn = self._turns.get(bytes(goal.goal_id.uuid))
        if turn is not None:
            # The worker says that it begins, then looks whether it is given up; so one of the two sees the other.
            turn.given_up = True
            if not turn.begun:
                turn.ended.set_result(_cancelled(goal))  # the answer need not wait for its turn
            elif self._goal is goal and self._agent is not None:
                self._agent.cancel()
        return CancelResponse.ACCEPT

    async def _execute(self, goal: Any) -> Any:
        refusal = None
        if not self.active:
            refusal = self.inactive_message
        elif not goal.request.instruction.strip():
            refusal = "the instruction is empty; say what is to be done"
        elif len(self._turns) > int(self.value("queue")):
            refusal = f"busy with {self._instruction!r}, and {len(self._turns) - 1} more wait; try again later"
        if refusal is not None:
            goal.abort()
            return ExecuteTask.Result(reason=refusal)
        if self._turns:
            text = f"waits for {self._instruction!r} to end"
            goal.publish_feedback(ExecuteTask.Feedback(phase=EventKind.NOTE.value, text=text))
        key, turn = bytes(goal.goal_id.uuid), _Turn(given_up=goal.is_cancel_requested)
        # The worker is one thread: instructions are carried out one after the other, in the order they came.
        turn.ended = self.in_worker(self._perform, goal, turn)
        self._turns[key] = turn
        try:
            result = await turn.ended
        finally:
            del self._turns[key]
        if result.cancelled and goal.is_cancel_requested:
            goal.canceled()
        elif result.claimed:
            goal.succeed()
        else:
            goal.abort()
        return task_result_to_message(result)

    def _perform(self, goal: Any, turn: _Turn) -> TaskResult:
        instruction = goal.request.instruction
        turn.begun = True
        if turn.given_up:
            return _cancelled(goal)
        if self._agent is None or not self.active:
            return TaskResult(instruction=instruction, reason=self.inactive_message)
        self._instruction, self._done, self._goal = instruction, 0, goal
        self._publish_status(msg.PlannerStatus.EXECUTING, "")
        try:
            return self._agent.run(instruction, given_up=lambda: turn.given_up)
        except (PlannerError, NodeError) as error:
            return TaskResult(instruction=instruction, reason=str(error))
        except Exception as error:
            # One instruction that goes wrong must not take the node down with it.
            self.get_logger().error(f"{instruction!r}: unexpected {type(error).__name__}: {error}")
            return TaskResult(instruction=instruction, reason=f"internal error: {error}")
        finally:
            self._goal = None
            self._publish_status(msg.PlannerStatus.IDLE, "")

    def _tell(self, event: Event) -> None:
        """Pass the agent's progress on as feedback."""
        if event.kind is EventKind.SKILL:
            self._done += 1
        goal = self._goal
        if goal is not None and self.context.ok():
            goal.publish_feedback(ExecuteTask.Feedback(phase=event.kind.value, text=event.message, step=self._done))
        self._publish_status(msg.PlannerStatus.EXECUTING, event.message)

    def _publish_status(self, state: str, text: str) -> None:
        status = msg.PlannerStatus(state=state, instruction=self._instruction, text=text)
        status.header.stamp = self.get_clock().now().to_msg()
        self.publish(self._status, status)


def main() -> None:
    """Start the node."""
    run(PlannerNode)
