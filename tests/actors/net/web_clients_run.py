"""millrace.http_poll and millrace.circuit_call against a server that answers what it is told to, kills included.
web_clients_run.py <millrace>"""
import http.server, json, socketserver, sys, threading
from trial import Run, check, until

COMMAND = sys.argv[1]


class Server:
    """Answers GET requests by `answer(path, headers)` → (status, headers, body), or None to break off."""

    def __init__(self, answer):
        self.asked, lock = [], threading.Lock()
        server = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def do_GET(self):
                with lock:
                    server.asked.append((self.path, dict(self.headers)))
                    said = answer(self.path, self.headers)
                if said is None:
                    self.close_connection = True
                    return
                status, headers, body = said
                self.send_response(status)
                for name, text in headers.items():
                    self.send_header(name, text)
                if status != 304:
                    self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                if status != 304:
                    self.wfile.write(body.encode())

        class Threads(socketserver.ThreadingMixIn, http.server.HTTPServer):
            daemon_threads = True

            def handle_error(self, *_):
                pass

        self.http = Threads(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_port}"
        threading.Thread(target=self.http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()

    def close(self):
        self.http.shutdown()
        self.http.server_close()


def poll_topology(url, **params):
    return {"millrace": 1, "name": "poll", "settings": {"snapshot_interval": "200ms", "guarantee": "at_most_once"}, "actors": [
        {"name": "web", "type": "millrace.http_poll", "params": {"url": url, "interval": 20, "fields": "n:int64,text:string?"} | params},
        {"name": "written", "type": "millrace.file_sink", "params": {"path": "out", "format": "jsonl"}}],
        "streams": ["web -> written"]}


def polls():
    """Every kind of answer, one after the other."""
    script = [(200, {"Content-Type": "application/json", "ETag": '"a"', "Last-Modified": "Sat, 21 Nov 2026 10:00:00 GMT"}, '[{"n": 1}, {"n": 2, "text": "b"}]'),
              (304, {}, ""), (500, {}, "oh"), None, (404, {}, ""),
              (200, {"Content-Type": "text/csv; charset=utf-8"}, 'n,text\n3,"a ""quote"", and\na line"\nfour,x\n5,\n'),
              (200, {"Content-Type": "application/json"}, " " * 5000),
              (302, {"Location": "ftp://127.0.0.1/x"}, ""),
              (200, {}, '{"n": 6}\n{"n": 7}\n')]
    left = list(script)
    server = Server(lambda path, headers: left.pop(0) if left else (503, {}, ""))
    run = Run(COMMAND, poll_topology(server.url + "/data?key=1", count=4, answer_bytes=4000, redirects=2))
    try:
        run.start()
        run.finish()
        found = [(e["n"], e["text"]) for e in run.output()]
        check(found == [(1, None), (2, "b"), (3, 'a "quote", and\na line'), (5, None), (6, None), (7, None)], f"{found}")
        check(len(server.asked) == len(script), f"asked {len(server.asked)} times")
        check("If-None-Match" not in server.asked[0][1] and server.asked[1][1]["If-None-Match"] == '"a"'
              and server.asked[1][1]["If-Modified-Since"] == "Sat, 21 Nov 2026 10:00:00 GMT", f"{server.asked[:2]}")
        log = run.text_of_log()
        for said in ("answered 500: oh", "answered 404", "is longer than 4000 bytes", "data:4:1: ", "asked again in"):
            check(said in log, f"'{said}' is not in the log:\n{log}")
        check("key=1" not in log.split("running")[1], "the log shows the query, which may hold a secret")
        print("9 answers polled: 6 events, errors said and asked again", flush=True)
    finally:
        run.close()
        server.close()


def polls_logged():
    """An answer that was logged is not asked for again, whatever dies: the server knows what is new by the tag."""
    version = [0]

    def answer(_, headers):
        if headers["If-None-Match"] == f'"{version[0]}"':
            return 304, {}, ""
        return 200, {"Content-Type": "application/json", "ETag": f'"{version[0]}"'}, json.dumps({"n": version[0]})
    server = Server(answer)
    topology = poll_topology(server.url, logged=True, interval=10)
    topology["settings"]["guarantee"] = "exactly_once"
    run = Run(COMMAND, topology)
    try:
        run.start()
        for n in range(12):
            until(f"version {n}", lambda: any(h.get("If-None-Match") == f'"{n}"' for _, h in server.asked))
            if n % 4 == 1:
                run.kill()
                run.start()
            version[0] = n + 1
        until("the last one", lambda: any(h.get("If-None-Match") == '"12"' for _, h in server.asked))
        run.stop()
        found = [e["n"] for e in run.output()]
        check(found == list(range(13)), f"{found}")
        print("13 versions polled once each, killed 3 times", flush=True)
    finally:
        run.close()
        server.close()


def calls():
    """Answers, cache, refusals, and a server that breaks: the circuit opens and events go by."""
    broken = threading.Event()

    def answer(path, _):
        if broken.is_set():
            return 500, {}, ""
        name = path.rsplit("/", 1)[1]
        if name == "k%2F%3F":
            return 200, {}, '{"title": "escaped"}'
        if name == "key-3":
            return 404, {}, "nobody"
        if name == "key-4":
            return 200, {}, '{"title": 4}'
        return 200, {}, json.dumps({"title": "of " + name, "more": [1]})
    server = Server(answer)
    with_names = {"millrace": 1, "name": "calls", "settings": {"guarantee": "at_least_once"}, "actors": [
        {"name": "names", "type": "millrace.file_source", "params": {"path": "names.csv", "fields": "key:string,n:int64"}},
        {"name": "asks", "type": "millrace.circuit_call", "params": {
            "url": server.url + "/names/{key}", "fields": "title:string", "failures": 3, "give_up_after": 100, "open_time": 600000}},
        {"name": "written", "type": "millrace.file_sink", "params": {"path": "out", "format": "jsonl"}},
        {"name": "spared", "type": "millrace.file_sink", "params": {"path": "spared", "format": "jsonl"}}],
        "streams": ["names -> asks", "asks.out -> written", "asks.fallback -> spared"]}
    try:
        run = Run(COMMAND, with_names)
        with open(f"{run.path}/names.csv", "w") as out:
            out.write("key,n\n" + "".join(f"key-{n % 5},{n}\n" for n in range(50)) + "k/?,50\n")
        run.start()
        run.finish()
        check([(e["n"], e["title"]) for e in run.output()] == [(n, f"of key-{n % 5}") for n in range(50) if n % 5 < 3] + [(50, "escaped")], run.output())
        reasons = {(e["key"], e["reason"].split(" ")[0]) for e in run.output("spared")}
        check(reasons == {("key-3", "answered"), ("key-4", "the")} and len(run.output("spared")) == 20, f"{reasons}")
        check(len([p for p, _ in server.asked if p.endswith("key-1")]) == 1, "the answer was not kept")
        run.close()

        broken.set()
        server.asked.clear()
        run = Run(COMMAND, with_names)
        with open(f"{run.path}/names.csv", "w") as out:
            out.write("key,n\n" + "".join(f"key-{n},{n}\n" for n in range(500)))
        run.start()
        run.finish()
        spared = run.output("spared")
        check(len(spared) == 500 and not run.output(), f"{len(spared)} spared")
        check(sum(e["reason"] == "the circuit is open" for e in spared) >= 497, spared[:5])
        check(len(server.asked) == 3, f"asked {len(server.asked)} times in spite of an open circuit")
        run.close()
        print("51 events called for with a cache; 500 went by an open circuit with 3 calls", flush=True)
    finally:
        server.close()


polls()
polls_logged()
calls()
