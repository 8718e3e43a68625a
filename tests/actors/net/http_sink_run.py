"""millrace.http_sink against receivers that answer 500, hang, break off, die and refuse, while it is killed itself: no
event is missing, only batches come twice, under the key they had; a receiver that knows keys stores each event once; what
is refused becomes a dead letter, alone.   http_sink_run.py <millrace>"""
import http.server, json, random, socketserver, subprocess, sys, threading
from trial import PATIENCE, Run, check, free_port, seed, until

COMMAND, EVENTS, BATCH = sys.argv[1], 4000, 20


def sender(url, **params):
    return {"millrace": 1, "name": "sender", "settings": {"snapshot_interval": "200ms"}, "actors": [
        {"name": "numbers", "type": "millrace.generator", "params": {"count": EVENTS, "rate": 2000}},
        {"name": "hook", "type": "millrace.http_sink", "params": {
            "url": url, "format": "json_array", "batch_events": BATCH, "linger": 0, "stream": "trial", "timeout": 300,
            "open_time": 100, "give_up_after": 60000} | params,
         "on_failure": {"action": "restart", "max_restarts": 100, "backoff": "10ms"}}],
        "streams": ["numbers -> hook"]}


class Receiver:
    """Keeps what it was sent, and misbehaves as it is told to."""

    def __init__(self):
        self.port, self.mode, self.got, self.lock = free_port(), "good", [], threading.Lock()
        self.tried = {}
        self.server = None

    def start(self):
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                mode = receiver.mode
                receiver.tried[mode] = receiver.tried.get(mode, 0) + 1
                if mode in ("before", "die"):
                    return self.close()
                status = 500 if mode == "fail" else receiver.take(self.headers["Idempotency-Key"], json.loads(body))
                if mode == "after":  # stored, but nobody hears of it
                    return self.close()
                if mode == "hang":
                    until("the end of the hang", lambda: receiver.mode != "hang")
                    return self.close()
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def close(self):
                self.close_connection = True

        class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
            daemon_threads, allow_reuse_address = True, True

            def handle_error(self, *_):
                pass

        self.server = Server(("127.0.0.1", self.port), Handler)
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()

    def die(self):
        self.server.shutdown()
        self.server.server_close()

    def take(self, key, events):
        with self.lock:
            self.got.append((key, [e["number"] for e in events]))
        return 200

    def count(self):
        with self.lock:
            return sum(len(numbers) for _, numbers in self.got)


def misbehaving(random_):
    receiver = Receiver()
    receiver.start()
    run = Run(COMMAND, sender(f"http://127.0.0.1:{receiver.port}/hook"))
    try:
        run.start()
        modes = ["fail", "hang", "before", "after", "die", "kill"]
        random_.shuffle(modes)
        for i, mode in enumerate(modes):
            until(f"events before '{mode}'", lambda: receiver.count() >= (i + 1) * EVENTS // 10)
            if mode == "die":
                receiver.mode = mode  # for the connections that are there
                receiver.die()
                until("an open circuit", lambda: "the circuit is open" in run.text_of_log())
                receiver.mode = "good"
                receiver.start()
            elif mode == "kill":
                run.kill()
                run.start()
            else:
                receiver.mode = mode
                until(f"two tries of '{mode}'", lambda: receiver.tried.get(mode, 0) >= 2)
                receiver.mode = "good"
        run.finish()
        judge(receiver, modes)
    finally:
        receiver.mode = "good"
        run.close()
        receiver.die()


def judge(receiver, modes):
    numbers = [n for _, batch in receiver.got for n in batch]
    missing = set(range(EVENTS)) - set(numbers)
    check(not missing and set(numbers) == set(range(EVENTS)), f"missing {sorted(missing)[:5]} of {len(numbers)}")
    by_key = {}
    for key, batch in receiver.got:
        check(by_key.setdefault(key, batch) == batch, f"two contents under the key {key}")
    once = sorted(n for batch in by_key.values() for n in batch)
    check(once == list(range(EVENTS)), "a receiver that knows keys would not have each event once")
    check(len(numbers) > EVENTS, "nothing came twice: the faults had no effect")
    print(f"{EVENTS} events, {len(numbers) - EVENTS} of them twice, each once by key; faults {modes}", flush=True)


def into_http_ingest(random_):
    port = free_port()
    receiver = Run(COMMAND, {"millrace": 1, "name": "receiver", "settings": {"snapshot_interval": "200ms"}, "actors": [
        {"name": "web", "type": "millrace.http_ingest", "params": {"listen": f"127.0.0.1:{port}", "fields": "number:int64"}},
        {"name": "written", "type": "millrace.file_sink", "params": {"path": "out", "format": "jsonl"}}],
        "streams": ["web -> written"]})
    run = Run(COMMAND, sender(f"http://127.0.0.1:{port}/events", timeout=5000))
    try:
        receiver.start()
        run.start()
        victims = [receiver, run, receiver, run]
        random_.shuffle(victims)
        for i, victim in enumerate(victims):
            until("events", lambda: len(receiver.output()) >= (i + 1) * EVENTS // 8 or run.process.poll() is not None)
            check(run.process.poll() is None, "the sender ended early: " + run.text_of_log())
            victim.kill()
            victim.start()
        run.finish()
        receiver.stop()
        numbers = sorted(e["number"] for e in receiver.output())
        check(numbers == list(range(EVENTS)), f"{len(numbers)} events in {len(set(numbers))} numbers")
        print(f"{EVENTS} events stored once by http_ingest, each side killed twice", flush=True)
    finally:
        run.close()
        receiver.close()


def refusing():
    """One number in a hundred is not wanted; a batch is refused as a whole."""
    receiver = Receiver()
    take = receiver.take
    receiver.take = lambda key, events: 422 if any(e["number"] % 100 == 7 for e in events) else take(key, events)
    receiver.start()
    topology = sender(f"http://127.0.0.1:{receiver.port}/hook")
    topology["actors"][0]["params"] = {"count": 1000}
    run = Run(COMMAND, topology)
    try:
        run.start()
        run.finish()
        numbers = sorted(n for _, batch in receiver.got for n in batch)
        check(numbers == [n for n in range(1000) if n % 100 != 7], "not what was wanted")
        listed = subprocess.run([COMMAND, "deadletter", "list", f"{run.path}/sender.data", "--json"], capture_output=True,
                                text=True, timeout=60 * PATIENCE)
        check(listed.returncode == 0 and listed.stdout.count("answered 422") >= 10, listed.stdout[:500] + listed.stderr)
        print("10 events refused: 10 dead letters, 990 taken", flush=True)
    finally:
        run.close()
        receiver.die()


random_ = random.Random(seed())
misbehaving(random_)
into_http_ingest(random_)
refusing()
