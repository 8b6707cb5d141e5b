"""Listens on $PORT and says who it is. Python's standard library only."""
import json
import os
import signal
import socket
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        answer = {
            "hello": "from Python",
            "app": os.environ.get("K_SERVICE", "hello-python"),
            "version": os.environ.get("K_REVISION", "local"),
            "instance": f"{socket.gethostname()}/{os.getpid()}",
            "path": self.path,
        }
        body = (json.dumps(answer, indent=2) + "\n").encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def main():
    server = ThreadingHTTPServer((os.environ.get("HOST", "0.0.0.0"), int(os.environ.get("PORT", "8080"))), Handler)
    # shutdown() waits for the loop, which runs in this thread: it has to be asked from another one.
    signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
    print(f"listening on {server.server_address[1]}", flush=True)
    server.serve_forever()
    print("stopped", file=sys.stderr)


if __name__ == "__main__":
    main()
