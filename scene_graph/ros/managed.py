"""A managed node: life cycle with autostart, services that refuse while inactive, work off the executor's thread.

Callbacks run in a single-threaded executor. What takes longer than a moment runs in the node's one worker thread,
in the order in which it arrived, and the callback awaits it: the executor stays free, so that answers from other
nodes and cancel requests come through.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import rclpy
import rclpy.utilities
from rcl_interfaces.msg import FloatingPointRange, IntegerRange, ParameterDescriptor
from rclpy.context import Context
from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor
from rclpy.impl.implementation_singleton import rclpy_implementation
from rclpy.lifecycle import LifecycleNode, LifecycleState, TransitionCallbackReturn
from rclpy.node import Node
from rclpy.task import Future

__all__ = ["ManagedNode", "NodeError", "ask", "run"]

_T = TypeVar("_T")

_WAITING = 50
"""Messages of one topic that wait to be handled at most."""

_POLL = 0.2
"""Seconds between looks at whether ROS is shutting down."""


class NodeError(Exception):
    """A node cannot do what was asked; the message says why and what to do. Never a traceback for a user."""


class ManagedNode(LifecycleNode):
    """Base of all nodes.

    A subclass declares its parameters in `__init__` (which calls `super().__init__` first), and overrides `configure`,
    `activate`, `deactivate` and `cleanup` as needed; each may raise `NodeError`, which is logged and fails the
    transition. Services and topics are made with `serve` and `listen`, which look after the life cycle.

    Args:
        name: Default name of the node.
        errors: Exceptions of the part's own root class that a caller may cause; reported to it, not raised.
    """

    def __init__(self, name: str, *, errors: tuple[type[Exception], ...] = ()) -> None:
        super().__init__(name)
        self._errors: tuple[type[Exception], ...] = (NodeError, *errors)
        self._active = False
        self._worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix=name)
        self.parameter("autostart", True, "configure and activate by itself, without a life-cycle manager")

    # Parameters.

    def parameter(
        self,
        name: str,
        default: Any,
        description: str,
        *,
        low: float | None = None,
        high: float | None = None,
        choices: tuple[str, ...] = (),
    ) -> None:
        """Declare a parameter.

        Args:
            name: Its name.
            default: Its default, which fixes its type.
            description: What it does, with its unit.
            low: Least value, for numbers.
            high: Greatest value, for numbers.
            choices: Allowed values, for text; `text` checks them.
        """
        descriptor = ParameterDescriptor(description=description)
        if choices:
            descriptor.additional_constraints = f"one of: {', '.join(choices)}"
        if low is not None and high is not None:
            if isinstance(default, int):
                descriptor.integer_range = [IntegerRange(from_value=int(low), to_value=int(high), step=0)]
            else:
                descriptor.floating_point_range = [FloatingPointRange(from_value=float(low), to_value=float(high))]
        self.declare_parameter(name, default, descriptor)

    def value(self, name: str) -> Any:
        """A parameter's value."""
        return self.get_parameter(name).value

    def chosen(self, name: str, choices: tuple[str, ...]) -> str:
        """A text parameter's value.

        Raises:
            NodeError: If it is not one of `choices`.
        """
        value = str(self.value(name))
        if value not in choices:
            raise NodeError(f"parameter {name} is {value!r}; choose one of {', '.join(choices)}")
        return value

    # Life cycle.

    @property
    def active(self) -> bool:
        """Whether the node is in the active state."""
        return self._active

    def configure(self) -> None:
        """Read parameters and make what the node works with."""

    def activate(self) -> None:
        """Begin to work."""

    def deactivate(self) -> None:
        """Stop working, keep everything."""

    def cleanup(self) -> None:
        """Let go of what `configure` made. Called at shutdown too, from any state."""

    def on_configure(self, state: LifecycleState) -> TransitionCallbackReturn:
        """See `configure`."""
        return self._transition("configure", self.configure) or super().on_configure(state)

    def on_activate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """See `activate`."""
        failed = self._transition("activate", self.activate)
        if failed is not None:
            return failed
        self._active = True
        return super().on_activate(state)

    def on_deactivate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """See `deactivate`."""
        self._active = False
        return self._transition("deactivate", self.deactivate) or super().on_deactivate(state)

    def on_cleanup(self, state: LifecycleState) -> TransitionCallbackReturn:
        """See `cleanup`."""
        return self._transition("clean up", self.cleanup) or super().on_cleanup(state)

    def on_shutdown(self, state: LifecycleState) -> TransitionCallbackReturn:
        """See `cleanup`."""
        self._active = False
        return self._transition("shut down", self.cleanup) or super().on_shutdown(state)

    def _transition(self, name: str, step: Callable[[], None]) -> TransitionCallbackReturn | None:
        """Run a step of the life cycle; what it returns when it failed. rclpy itself would swallow the reason."""
        try:
            step()
        except self._errors as error:
            self.get_logger().error(f"cannot {name}: {error}")
            return TransitionCallbackReturn.FAILURE
        except Exception as error:
            self.get_logger().error(f"cannot {name}: unexpected {type(error).__name__}: {error}")
            return TransitionCallbackReturn.ERROR
        return None

    def autostart(self) -> None:
        """Configure and activate, if the parameter says so."""
        if not self.value("autostart"):
            return
        if self.trigger_configure() == TransitionCallbackReturn.SUCCESS:
            self.trigger_activate()

    def close(self) -> None:
        """Stop the work, end the worker, let go of everything; before the node is destroyed."""
        self._active = False
        self._transition("deactivate", self.deactivate)
        self._worker.shutdown(wait=True, cancel_futures=True)
        self._transition("clean up", self.cleanup)

    # Communication.

    def serve(self, service: Any, name: str, handler: Callable[[Any, Any], Any]) -> None:
        """Offer a service whose response has ``success`` and ``message``.

        Args:
            service: Its type.
            name: Its name, e.g. ``"~/recall"``.
            handler: Takes request and response, runs in the worker thread, fills the response in. What it raises of
                the part's own errors becomes ``success = False`` with the reason.
        """

        async def callback(request: Any, response: Any) -> Any:
            if not self._active:
                response.success = False
                response.message = self.inactive_message
                return response
            try:
                response.success = True
                await self.in_worker(handler, request, response)
            except self._errors as error:
                response = service.Response(success=False, message=str(error))
            except Exception as error:
                # A bad request must not take the node down, nor pass unseen.
                self.get_logger().error(f"{name}: unexpected {type(error).__name__}: {error}")
                response = service.Response(success=False, message=f"internal error: {error}")
            return response

        self.create_service(service, name, callback)

    def listen(self, kind: Any, topic: str, handler: Callable[[Any], None], qos: Any) -> None:
        """Subscribe; messages are handled in the worker thread, in order, and ignored while the node is inactive.

        What waits is bounded: when `_WAITING` messages do, the oldest is given up for the newest, and a warning says
        how many were. Late frames are worth less than new ones, and memory is finite.
        """
        waiting: deque[Any] = deque()
        dropped = 0

        def guarded(message: Any) -> None:
            try:
                handler(message)
            except self._errors as error:
                self.get_logger().warning(f"{topic}: {error}")
            except Exception as error:
                self.get_logger().error(f"{topic}: unexpected {type(error).__name__}: {error}")

        def next_one() -> None:
            with contextlib.suppress(IndexError):  # it was given up
                guarded(waiting.popleft())

        def callback(message: Any) -> None:
            nonlocal dropped
            if not self._active:
                return
            waiting.append(message)
            if len(waiting) <= _WAITING:
                self.submit(next_one)
                return
            waiting.popleft()
            dropped += 1
            if dropped & (dropped - 1) == 0:  # at 1, 2, 4, 8 …
                self.get_logger().warning(f"{topic}: {dropped} messages came faster than they could be handled")

        self.create_subscription(kind, topic, callback, qos)

    @property
    def inactive_message(self) -> str:
        """What a caller is told while the node is not active."""
        name = self.get_fully_qualified_name()
        return f"{name} is not active; activate it, e.g. with: ros2 lifecycle set {name} activate"

    def submit(self, function: Callable[..., Any], *arguments: Any) -> None:
        """Run something in the worker thread, after what was submitted before it; nothing once the node closes."""
        with contextlib.suppress(RuntimeError):  # the pool refuses work once it is shut down
            self._worker.submit(function, *arguments)

    def in_worker(self, function: Callable[..., _T], *arguments: Any) -> Future:
        """Run something in the worker thread; the future is to be awaited in a callback."""
        future = Future(executor=self.executor)

        def work() -> None:
            try:
                result = function(*arguments)
            except BaseException as error:
                future.set_exception(error)
            else:
                future.set_result(result)
            if self.executor is not None:
                self.executor.wake()

        try:
            self._worker.submit(work)
        except RuntimeError:
            future.set_exception(NodeError(f"{self.get_name()} is shutting down"))
        return future

    def publish(self, publisher: Any, message: Any) -> None:
        """Publish from any thread; nothing while the node is inactive or ROS is shutting down."""
        if self._active and self.context.ok():
            with contextlib.suppress(rclpy_implementation.InvalidHandle):
                publisher.publish(message)


def ask(node: Node, send: Callable[[], Future], timeout: float) -> Any:
    """Send a request and wait, in a thread that is not the executor's, for its answer.

    The request is sent by the executor's own thread: rclpy notes the goal of an action only after it has sent it, so
    that to one sent from elsewhere the answer may come first, and is dropped.

    Args:
        node: Whose executor completes the answer.
        send: Sends the request, e.g. ``lambda: client.call_async(request)``.
        timeout: Seconds on a steady clock: with simulated time, ROS timers stand still between the robot's actions.

    Returns:
        The answer.

    Raises:
        NodeError: If there is none in time, or ROS shuts down, after which none will come.
    """
    executor = node.executor
    if executor is None:
        raise NodeError(f"{node.get_name()} is not running")
    deadline = time.monotonic() + timeout
    answer = _await(executor.create_task(send), deadline, node.context)
    try:
        return _await(answer, deadline, node.context)
    except NodeError as error:
        answer.cancel()
        raise NodeError(f"{error} within {timeout:g} s") from error


def _await(future: Future, deadline: float, context: Context) -> Any:
    done = threading.Event()
    future.add_done_callback(lambda _: done.set())
    while not done.wait(min(_POLL, max(0.0, deadline - time.monotonic()))):
        if not context.ok():
            raise NodeError("ROS is shutting down: no answer")
        if time.monotonic() >= deadline:
            raise NodeError("no answer")
    return future.result()


@contextlib.contextmanager
def _ros(arguments: list[str] | None) -> Iterator[None]:
    rclpy.init(args=arguments)
    try:
        yield
    finally:
        rclpy.utilities.try_shutdown()


def run(make: Callable[[], ManagedNode], arguments: list[str] | None = None) -> None:
    """Run one node until the process is told to end: what every executable's main does.

    Args:
        make: Makes the node, once ROS is initialised.
        arguments: Command line; None for the process's own.
    """
    with _ros(arguments), contextlib.suppress(KeyboardInterrupt, ExternalShutdownException):
        node = make()
        executor = SingleThreadedExecutor()
        executor.add_node(node)
        try:
            node.autostart()
            executor.spin()
        finally:
            node.close()
            executor.shutdown()
            node.destroy_node()
