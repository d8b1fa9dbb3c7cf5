"""Serves one client: reads actions, does them, answers with events."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from itertools import chain
from typing import Any

from sim.headless.actions import perform
from sim.headless.errors import ActionError, ProtocolError, SceneError
from sim.headless.geometry import euler_from_matrix, xyz
from sim.headless.homes import load_any_scene
from sim.headless.metadata import pack_event, pack_value
from sim.headless.protocol import Field, Pipes
from sim.headless.render import Rendered
from sim.headless.session import Session
from sim.headless.world import HAND

__all__ = ["serve", "serve_failure"]

_FieldBody = tuple[Field, bytes | memoryview]

_log = logging.getLogger(__name__)

_CONSTANT: dict[str, Any] = {
    "arm": None,
    "collided": False,
    "collidedObjects": [],
    "depthFormat": "Meters",
    "agentId": 0,
    "flatSurfacesOnGrid": [],
    "distances": [],
    "normals": [],
    "isOpenableGrid": [],
    "segmentedObjectIds": [],
    "objectIdsInBox": [],
    "actionIntReturn": 0,
    "actionFloatReturn": 0.0,
    "actionStringsReturn": [],
    "actionFloatsReturn": [],
    "actionVector3sReturn": [],
    "visibleRange": None,
}


def serve(pipes: Pipes, session: Session) -> None:
    """Answer the client until it goes away.

    Args:
        pipes: To the client.
        session: What the actions work on.
    """
    _send_event(pipes, session, {"action": "", "sequenceId": 0}, None, None)
    while True:
        try:
            request = pipes.receive()
        except ProtocolError as broken:
            _log.error("closing the connection: %s", broken)
            return
        if request is None:
            return
        result, error = _do(session, request)
        try:
            _send_event(pipes, session, request, result, error)
        except BrokenPipeError:
            return


def serve_failure(pipes: Pipes, message: str) -> None:
    """Answer every action with an error, so that a client of a simulator that cannot work reads the reason.

    Args:
        pipes: To the client.
        message: The reason, and what to do about it.
    """
    agent = {**_CONSTANT, "screenWidth": 300, "screenHeight": 300, "thirdPartyCameras": [], "sceneName": "None"}
    nothing = {"lastActionSuccess": False, "errorMessage": message, "errorCode": "InvalidArgument"}
    request: dict[str, Any] | None = {"action": "", "sequenceId": 0}
    while request is not None:
        fields = {**agent, **nothing, "lastAction": request["action"], "actionReturn": None, "agent": None}
        raw = {"objects": pack_value([]), "colors": pack_value(None)}
        pipes.send([(Field.METADATA, pack_event(fields, raw, int(request.get("sequenceId", 0))))])
        try:
            request = pipes.receive()
        except ProtocolError as error:
            _log.error("closing the connection: %s", error)
            return


def _do(session: Session, request: dict[str, Any]) -> tuple[Any, ActionError | None]:
    try:
        if request["action"] == "Reset":
            session.start(load_any_scene(str(request.get("sceneName", ""))))
            return None, None
        return perform(session, request), None
    except ActionError as refused:
        return None, refused
    except SceneError as unknown:
        session.unloaded = str(unknown)  # the client does not look at the answer to Reset
        return None, ActionError(str(unknown), code="InvalidArgument")
    except Exception as bug:  # a bug in one action must not take the client's simulator away
        _log.exception("action %s failed", request["action"])
        return None, ActionError(f"{type(bug).__name__}: {bug}", code="UnhandledException")


def _send_event(
    pipes: Pipes, session: Session, request: dict[str, Any], result: Any, error: ActionError | None
) -> None:
    world, settings, eyes = session.world, session.settings, session.eyes
    frame = eyes.agent_frame(settings)
    visible = eyes.visible(settings)
    agent = world.agent
    fields: dict[str, Any] = {
        **_CONSTANT,
        "lastAction": request["action"],
        "lastActionSuccess": error is None,
        "errorMessage": "" if error is None else str(error),
        "errorCode": None if error is None else error.code,
        "actionReturn": result,
        "sceneName": world.scene.name,
        "screenWidth": settings.width,
        "screenHeight": settings.height,
        "fov": float(settings.fov),
        "currentTime": world.seconds,
        "isSceneAtRest": True,
        "cameraPosition": xyz(agent.camera if world.map_view is None else world.map_view.position),
        "cameraOrthSize": -1.0 if world.map_view is None else world.map_view.orthographic_size,
        "agent": {
            "name": "agent",
            "position": xyz(agent.position),
            "rotation": {"x": 0.0, "y": float(agent.yaw), "z": 0.0},
            "cameraHorizon": float(agent.horizon),
            "isStanding": agent.standing,
            "inHighFrictionArea": False,
        },
        "heldObjectPose": {
            "position": xyz(agent.hand),
            "rotation": xyz(euler_from_matrix(agent.hand_turn)),
            "localPosition": xyz(HAND + agent.hand_offset),
            "localRotation": xyz(euler_from_matrix(agent.camera_rotation.T @ agent.hand_turn)),
        },
        "inventoryObjects": (
            [] if world.held is None else [{"objectId": world.held.object_id, "objectType": world.held.object_type}]
        ),
        "thirdPartyCameras": [
            {
                "thirdPartyCameraId": number,
                "position": xyz(camera.position),
                "rotation": xyz(camera.rotation),
                "fieldOfView": float(camera.fov),
            }
            for number, camera in enumerate(world.cameras)
        ],
    }
    once = bool(request.get("renderInstanceSegmentation"))  # asked for with one action, beside what Initialize set
    coloured = settings.render_instances or settings.render_classes or once
    raw = {
        "objects": session.packer.pack(visible, visible),
        "sceneBounds": session.packed_bounds,
        "colors": eyes.legend() if coloured else pack_value(None),
    }
    metadata = pack_event(fields, raw, int(request.get("sequenceId", 0)))
    images = _all_images(session, frame, once) if request.get("renderImage", True) else ()
    pipes.send(chain([(Field.METADATA, metadata)], images))


def _all_images(session: Session, frame: Rendered, instances: bool) -> Iterator[_FieldBody]:
    yield from _images(session, frame, instances, (Field.RGB, Field.DEPTH, Field.IDS, Field.CLASSES))
    for camera in session.world.cameras:
        yield from _images(
            session,
            session.eyes.third_party_frame(camera, session.settings),
            instances,
            (Field.THIRD_PARTY_RGB, Field.THIRD_PARTY_DEPTH, Field.THIRD_PARTY_IDS, Field.THIRD_PARTY_CLASSES),
        )


def _images(
    session: Session, frame: Rendered, instances: bool, kinds: tuple[Field, Field, Field, Field]
) -> Iterator[_FieldBody]:
    settings = session.settings
    if settings.render_image:
        yield kinds[0], frame.color.data
    # all are made before the pipe is full and waits for the client, which is still decoding the metadata
    depth = frame.depth if settings.render_depth else None
    numbered = session.eyes.instance_image(frame.ids) if settings.render_instances or instances else None
    classes = session.eyes.class_image(frame.ids) if settings.render_classes else None
    for kind, image in zip(kinds[1:], (depth, numbered, classes), strict=True):
        if image is not None:
            yield kind, image.data
