"""The simulator's process behind raw pipes: the start-up frame, broken messages, clients that go away."""

import json
import os
import struct
import subprocess
import sys
import threading

import msgpack
import pytest

pytestmark = pytest.mark.sim

HEADER = struct.Struct("!BI")
TIMEOUT = 30


class RawClient:
    """Speaks the protocol byte by byte."""

    def __init__(self, folder, *arguments):
        self.to_client, self.from_client = folder / "server.pipe", folder / "client.pipe"
        os.mkfifo(self.to_client)
        os.mkfifo(self.from_client)
        environment = os.environ | {
            "AI2THOR_FIFO_SERVER_PIPE_PATH": str(self.to_client),
            "AI2THOR_FIFO_CLIENT_PIPE_PATH": str(self.from_client),
        }
        self.process = subprocess.Popen(
            [sys.executable, "-m", "sim.headless", *arguments], env=environment, stderr=subprocess.PIPE, text=True
        )
        self.input = open(self.to_client, "rb")  # noqa: SIM115  # closed by the tests, some of them halfway
        self.first = self.receive()
        self.output = open(self.from_client, "wb", buffering=0)  # noqa: SIM115

    def receive(self):
        fields = {}
        while True:
            kind, length = HEADER.unpack(self._read(HEADER.size))
            if kind == 255:
                return msgpack.unpackb(fields[1], raw=False, strict_map_key=False), fields
            fields[kind] = self._read(length)

    def _read(self, size):
        data = self.input.read(size)
        assert len(data) == size, "the simulator closed the pipe"
        return data

    def send(self, action):
        body = json.dumps(action).encode()
        self.output.write(HEADER.pack(2, len(body)) + body + HEADER.pack(255, 0))
        return self.receive()

    def ended(self):
        """What the process logged, once it has ended by itself."""
        reader = threading.Thread(target=self.input.read, daemon=True)  # nothing may block it while it ends
        reader.start()
        _, log = self.process.communicate(timeout=TIMEOUT)
        return log

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate(timeout=TIMEOUT)
        for pipe in (self.input, self.output):
            pipe.close()


@pytest.fixture
def client(tmp_path):
    client = RawClient(tmp_path, "-screen-width", "120", "-screen-height", "90")
    yield client
    client.close()


def test_the_first_frame_comes_unasked_and_answers_echo_the_sequence(client):
    metadata, fields = client.first
    assert metadata["sequenceId"] == 0
    assert metadata["agents"][0]["screenWidth"] == 120
    assert len(fields[4]) == 120 * 90 * 3
    assert client.send({"action": "Pass", "sequenceId": 41})[0]["sequenceId"] == 41
    _, fields = client.send({"action": "Initialize", "sequenceId": 42, "renderDepthImage": True})
    assert len(fields[5]) == 120 * 90 * 4
    _, fields = client.send({"action": "Pass", "sequenceId": 43, "renderImage": False})
    assert set(fields) == {1}


@pytest.mark.parametrize(
    ("garbage", "word"),
    [
        (bytes(range(7)) * 40, "expected an action"),
        (HEADER.pack(2, 0xFFFFFFFF), "longer than"),
        (HEADER.pack(255, 0), "ended before it held an action"),
        (HEADER.pack(2, 5) + b"\xff\xfe{}[" + HEADER.pack(255, 0), "no JSON"),
        (HEADER.pack(2, 7) + b"[1,2,3]" + HEADER.pack(255, 0), 'with a string "action"'),
        (HEADER.pack(2, 100) + b'{"action":', "before the end of a message"),
    ],
    ids=["garbage", "huge", "empty", "encoding", "list", "half"],
)
def test_broken_messages_end_it_with_a_line_in_the_log(client, garbage, word):
    client.output.write(garbage)
    client.output.close()
    log = client.ended()
    assert client.process.returncode == 0
    assert word in log
    assert "Traceback" not in log


def test_nonsense_in_a_well_formed_action_is_answered(client):
    for number, action in enumerate(
        [
            {"action": "Teleport", "position": {"x": 1e400, "y": 0, "z": 0}},
            {"action": "Teleport", "position": {"x": "left"}},
            {"action": "SetObjectPoses", "objectPoses": [3]},
            {"action": "Reset", "sceneName": "FloorPlan99"},
            {"action": "ChangeResolution", "x": -1, "y": 10**9},
            {"action": "GetReachablePositions", "gridSize": 0.0000001},
            {"action": ""},
        ],
        start=1,
    ):
        metadata, _ = client.send({**action, "sequenceId": number})
        agent = metadata["agents"][0]
        if action["action"] != "GetReachablePositions":
            assert not agent["lastActionSuccess"], action
            assert agent["errorMessage"], action
    assert client.send({"action": "Pass", "sequenceId": 99})[0]["agents"][0]["lastActionSuccess"]


def test_it_ends_when_the_client_closes_its_pipe(client):
    client.output.close()
    assert "Traceback" not in client.ended()
    assert client.process.returncode == 0


def test_it_ends_when_nobody_reads_its_answers(client):
    client.input.close()
    body = json.dumps({"action": "Pass", "sequenceId": 1}).encode()
    client.output.write(HEADER.pack(2, len(body)) + body + HEADER.pack(255, 0))
    _, log = client.process.communicate(timeout=TIMEOUT)
    assert client.process.returncode == 0
    assert "Traceback" not in log


def test_started_by_hand_it_says_how_it_is_meant_to_be_started():
    environment = {k: v for k, v in os.environ.items() if not k.startswith("AI2THOR_")}
    done = subprocess.run(
        [sys.executable, "-m", "sim.headless"], env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 2
    assert "local_executable_path" in done.stderr
