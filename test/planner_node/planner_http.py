"""Real HTTP servers on the loopback that answer chat requests well or badly, for tests of the planner."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Server:
    """Answers chat requests by `behave(handler, number of the request)`."""

    def __init__(self, behave):
        self.requests = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                length = int(self.headers["Content-Length"])
                outer.requests.append(json.loads(self.rfile.read(length)))
                behave(self, len(outer.requests))

            def log_message(self, *arguments):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}/v1"

    def close(self):
        self._server.shutdown()
        self._server.server_close()


def send(handler, status, body, kind="application/json"):
    data = body.encode()
    handler.send_response(status)
    handler.send_header("Content-Type", kind)
    handler.send_header("Content-Length", str(len(data)))
    handler.end_headers()
    handler.wfile.write(data)


def completion(text, *, tool=False):
    message = {"role": "assistant", "content": None if tool else text}
    if tool:
        message["tool_calls"] = [{"id": "1", "type": "function", "function": {"name": "plan", "arguments": text}}]
    return json.dumps(
        {
            "id": "x",
            "object": "chat.completion",
            "created": 0,
            "model": "m",
            "choices": [{"index": 0, "finish_reason": "stop", "message": message}],
            "usage": {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15},
        }
    )


def chunk(text):
    delta = {"index": 0, "delta": {"content": text}, "finish_reason": None}
    body = {"id": "x", "object": "chat.completion.chunk", "created": 0, "model": "m", "choices": [delta]}
    return f"data: {json.dumps(body)}\n\n"


def always(text):
    return lambda handler, number: send(handler, 200, completion(text))
