"""The examples of samples/actors/net, each with the partner it talks to.   net_examples.py <millrace> <samples/actors>"""
import http.client, http.server, json, os, shutil, signal, subprocess, sys, tempfile, threading
from trial import PATIENCE, check, free_port, until
from zmq_peer import PULL, PUSH, Peer

COMMAND, SAMPLES = sys.argv[1], sys.argv[2]


def post(port, path, body, headers):
    c = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    c.request("POST", path, body, headers)
    answer = c.getresponse()
    return answer.status, answer.read()


class Example:
    def __init__(self, folder, name, *settings):
        self.folder, self.name = folder, name
        arguments = [COMMAND, "run", f"{folder}/net/{name}.mill", "--data-dir", f"{folder}/data-of-{name}"]
        for s in settings:
            arguments += ["--set", s]
        self.process = subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    def until(self, what, condition):
        until(what, lambda: condition() or (self.process.poll() is not None and self.finish()))

    def finish(self):
        said, _ = self.process.communicate(timeout=60 * PATIENCE)
        check(self.process.returncode == 0, f"{self.name} ended with {self.process.returncode}: {said.decode()}")
        return said.decode()

    def written(self):
        """Files in the order of their names, the header line of each but the first left out."""
        out = os.path.join(self.folder, "net", "out", self.name)
        texts = [open(os.path.join(out, f)).read() for f in sorted(os.listdir(out)) if not f.startswith(".")]
        return "".join(texts[:1] + [text.split("\n", 1)[1] for text in texts[1:]])

    def expected(self, kind="csv"):
        return open(os.path.join(SAMPLES, "expected", f"{self.name}.{kind}")).read()


def http_ingest(folder):
    port = free_port()
    example = Example(folder, "http_ingest", f"orders.listen=127.0.0.1:{port}")
    orders = [{"number": n, "customer": c, "amount": a, "at": f"2026-11-21T10:00:0{n - 1}Z"}
              for n, c, a in ((1, "anna", "19.90"), (2, "ben", "5.00"), (3, "anna", "7.25"))]
    headers = {"Content-Type": "application/json", "Idempotency-Key": "monday-1"}

    def sent():
        try:
            return post(port, "/orders", json.dumps(orders[:2]), headers)[0] == 200
        except OSError:
            return False
    example.until("the server", sent)
    check(post(port, "/orders", json.dumps(orders[:2]), headers)[0] == 200, "the same again")
    check(post(port, "/orders", json.dumps(orders[2]), {"Content-Type": "application/json"})[0] == 200, "the last one")
    example.finish()
    check(example.written() == example.expected(), f"written: {example.written()}")


def taking(got, shown):
    """A server that takes POST requests; `shown(headers, body)` is what it keeps of one."""
    class Handler(http.server.BaseHTTPRequestHandler):
        def log_message(self, *_):
            pass

        def do_POST(self):
            got.append(shown(self.headers, self.rfile.read(int(self.headers["Content-Length"])).decode()))
            self.send_response(200)
            self.end_headers()
    server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def sending(folder, name, setting, shown):
    got = []
    server = taking(got, shown)
    try:
        example = Example(folder, name, f"{setting}=http://127.0.0.1:{server.server_port}/x")
        example.finish()
        check("\n".join(got) + "\n" == example.expected("out"), "\n".join(got))
    finally:
        server.shutdown()
        server.server_close()


def http_sink(folder):
    """Batches as they came, after their keys."""
    sending(folder, "http_sink", "hook.url", lambda headers, body: headers["Idempotency-Key"] + " " + body)


def alert_sink(folder):
    sending(folder, "alert_sink", "tell.url", lambda _, body: json.loads(body)["text"])


def answering(answer):
    """A server for GET requests: `answer(path)` → (status, body)."""
    class Handler(http.server.BaseHTTPRequestHandler):
        def log_message(self, *_):
            pass

        def do_GET(self):
            status, body = answer(self.path)
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(json.dumps(body).encode())
    server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def http_poll(folder):
    answers = [[{"symbol": "AAA", "price": "10.50", "at": "2026-11-21T10:00:00Z"}, {"symbol": "BBB", "price": "7.00", "at": "2026-11-21T10:00:00Z"}],
               [{"symbol": "AAA", "price": "10.75", "at": "2026-11-21T10:01:00Z"}]]
    server = answering(lambda path: (200, answers.pop(0)))
    try:
        example = Example(folder, "http_poll", f"prices.url=http://127.0.0.1:{server.server_port}/prices")
        example.finish()
        check(example.written() == example.expected(), f"written: {example.written()}")
    finally:
        server.shutdown()
        server.server_close()


def circuit_call(folder):
    """Nobody knows dee."""
    customers = {"ada": {"since": 2019, "segment": "gold"}, "bo": {"since": 2024}, "cy": {"since": 2021, "segment": "trade"}}
    server = answering(lambda path: (200, customers[path[11:]]) if path[11:] in customers else (404, {}))
    try:
        example = Example(folder, "circuit_call", f"ask.url=http://127.0.0.1:{server.server_port}/customers/{{customer}}")
        said = example.finish()
        check(example.written() == example.expected(), f"written: {example.written()}")
        check('number=7 customer="dee"' in said and 'reason="answered 404' in said, said)
    finally:
        server.shutdown()
        server.server_close()


def prometheus_sink(folder):
    """All three keys are on the page, in a run that does not end by itself."""
    port = free_port()
    example = Example(folder, "prometheus_sink", f"page.listen=127.0.0.1:{port}")

    def shown():
        try:
            c = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
            c.request("GET", "/metrics")
            page = c.getresponse().read().decode()
        except OSError:
            return False
        return all(f'ticks_seen{{key="{k}"}} ' in page for k in range(3)) and page.startswith("# HELP ticks_seen Ticks of a key.\n")
    try:
        example.until("the page", shown)
    finally:
        example.process.send_signal(signal.SIGINT)
    example.finish()


def zmq_ingest(folder):
    """An array of two, and one alone."""
    port = free_port()
    example = Example(folder, "zmq_ingest", f"orders.address=tcp://127.0.0.1:{port}")
    orders = [{"number": n, "customer": c, "amount": a, "at": f"2026-11-21T10:00:0{n - 1}Z"}
              for n, c, a in ((1, "anna", "19.90"), (2, "ben", "5.00"), (3, "anna", "7.25"))]
    peer = Peer(PUSH, f"tcp://127.0.0.1:{port}")
    try:
        check(peer.send(json.dumps(orders[:2]).encode()) and peer.send(json.dumps(orders[2]).encode()), "no room")
        example.finish()
    finally:
        peer.close()
    check(example.written() == example.expected(), f"written: {example.written()}")


def zmq_sink(folder):
    port = free_port()
    peer = Peer(PULL, f"tcp://127.0.0.1:{port}", binds=True)
    try:
        example = Example(folder, "zmq_sink", f"sent.address=tcp://127.0.0.1:{port}")
        example.finish()
        wanted = example.expected("out").splitlines()
        got = [(peer.receive() or b"").decode() for _ in wanted]
        check(got == wanted, "\n".join(got))
    finally:
        peer.close()


EXAMPLES = [alert_sink, circuit_call, http_ingest, http_poll, http_sink, prometheus_sink, zmq_ingest, zmq_sink]


def main():
    have = {e.__name__ for e in EXAMPLES}
    there = {f[:-5] for f in os.listdir(os.path.join(SAMPLES, "net")) if f.endswith(".mill")}
    check(have == there, f"only one of both has {have ^ there}")
    for example in EXAMPLES:
        with tempfile.TemporaryDirectory(prefix="millrace-net-") as folder:
            shutil.copytree(SAMPLES, folder, dirs_exist_ok=True)
            example(folder)
            print(f"{example.__name__}: as expected", flush=True)


main()
