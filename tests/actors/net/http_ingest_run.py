"""Four clients against millrace.http_ingest: good, malformed, oversized, slow, broken-off and repeated requests, while
the run is killed again and again. Every good event is stored once, nothing else is, every answer is the right one, and
memory stays bounded.   http_ingest_run.py <millrace> [<bytes the memory may grow by; 0: not checked>] [without_keys]
`without_keys` is the negative control: the actor forgets what came before, and the trial has to find events stored twice."""
import http.client, json, random, socket, sys, threading, time
from trial import Run, check, free_port, seed, until

CLIENTS, REQUESTS, KILLS = 4, 120, 4
BODY_BYTES, BODY_MS = 64 * 1024, 400
PORT = free_port()
TOPOLOGY = {
    "millrace": 1, "name": "ingest", "settings": {"snapshot_interval": "300ms"},
    "actors": [
        {"name": "web", "type": "millrace.http_ingest",
         "params": {"listen": f"127.0.0.1:{PORT}", "fields": "client:int64,n:int64,text:string", "body_bytes": BODY_BYTES,
                    "body_time": BODY_MS, "waiting_bytes": 1 << 20}},
        {"name": "written", "type": "millrace.file_sink", "params": {"path": "out", "format": "jsonl"}}],
    "streams": ["web -> written"]}
WITHOUT_KEYS = sys.argv[-1] == "without_keys"
BROKEN = (ConnectionError, http.client.HTTPException, socket.timeout, OSError)


class Client(threading.Thread):
    def __init__(self, number, seed_):
        super().__init__(name=f"client {number}")
        self.number, self.random = number, random.Random(f"{seed_}/{number}")
        self.next, self.stored, self.seen, self.problem = 0, [], {}, None
        self.connection = None

    def run(self):
        try:
            for i in range(REQUESTS):
                kind = self.random.choice(["good"] * 5 + ["twice", "deaf", "malformed", "oversized", "slow", "cut"])
                getattr(self, kind)(f"{self.number}-{i}")
        except BaseException as why:  # told by the main thread
            self.problem = f"{self.name}: {why!r}"

    def events(self, count):
        made = [{"client": self.number, "n": self.next + i, "text": "x" * self.random.randrange(200)} for i in range(count)]
        self.next += count
        return made

    def body(self, events):
        if len(events) == 1:
            return "application/json", json.dumps(events[0], indent=self.random.choice([None, 2])).encode()
        if self.random.random() < 0.5:
            return "application/json", json.dumps(events).encode()
        return "application/x-ndjson", "".join(json.dumps(e) + "\n" for e in events).encode()

    def ask(self, body, kind, key=None):
        """One try over a connection that is kept."""
        if self.connection is None:
            self.connection = http.client.HTTPConnection("127.0.0.1", PORT, timeout=20)
        try:
            headers = {"Content-Type": kind} | ({"Idempotency-Key": key} if key else {})
            self.connection.request("POST", "/events", body, headers)
            answer = self.connection.getresponse()
            return answer.status, json.loads(answer.read() or b"{}")
        except BROKEN:
            self.connection.close()
            self.connection = None
            raise

    def insist(self, body, kind, key):
        """Again with the same key until it is stored, whatever dies meanwhile."""
        def once():
            try:
                status, said = self.ask(body, kind, key)
            except BROKEN:
                return None
            self.seen[status] = self.seen.get(status, 0) + 1
            check(status in (200, 429, 503), f"{status} {said} to a good request")
            return said if status == 200 else None
        return until(f"request {key}", once, 120)

    def store(self, events, key):
        kind, body = self.body(events)
        said = self.insist(body, kind, key)
        check(said["stored"] == len(events) and said["rejected"] == 0, f"{said} for {len(events)} events")
        self.stored += [(e["client"], e["n"]) for e in events]

    def good(self, key):
        self.store(self.events(self.random.randrange(1, 40)), key)

    def twice(self, key):
        """The same request from two threads at once: one of them finds it in flight or done."""
        events = self.events(3)
        kind, body = self.body(events)
        twin = threading.Thread(target=self.twin, args=(body, kind, key))
        twin.start()
        said = self.insist(body, kind, key)
        twin.join()
        check(said["stored"] == 3, f"{said} for 3 events sent twice")
        self.stored += [(e["client"], e["n"]) for e in events]

    def twin(self, body, kind, key):
        try:
            other = http.client.HTTPConnection("127.0.0.1", PORT, timeout=20)
            other.request("POST", "/events", body, {"Content-Type": kind, "Idempotency-Key": key})
            other.getresponse().read()
            other.close()
        except BROKEN:
            pass  # the run was killed; the other one insists

    def raw(self, body, sent, key, length=None):
        s = socket.create_connection(("127.0.0.1", PORT), timeout=20)
        head = (f"POST /events HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-ndjson\r\nIdempotency-Key: {key}\r\n"
                f"Content-Length: {len(body) if length is None else length}\r\n\r\n")
        s.sendall(head.encode() + body[:sent])
        return s

    def deaf(self, key):
        """Sends all of it and goes before the answer comes; then asks what became of it."""
        events = self.events(2)
        body = "".join(json.dumps(e) + "\n" for e in events).encode()
        try:
            self.raw(body, len(body), key).close()
        except BROKEN:
            pass
        said = self.insist(body, "application/x-ndjson", key)
        check(said["stored"] == 2, f"{said} for 2 events sent again")
        self.stored += [(e["client"], e["n"]) for e in events]

    def cut(self, key):
        """Breaks off within the body: nothing of it may be stored."""
        body = "".join(json.dumps(e) + "\n" for e in self.events(5)).encode()
        try:
            self.raw(body, self.random.randrange(len(body)), key).close()
        except BROKEN:
            pass

    def refused(self, what, wanted, ask):
        """Until it is answered; a run that is killed meanwhile answers nothing."""
        def once():
            try:
                status, said = ask()
            except BROKEN:
                return None
            self.seen[status] = self.seen.get(status, 0) + 1
            check(status in (wanted, 429, 503), f"{status} {said} to a {what} request, not {wanted}")
            return (status, said) if status == wanted else None
        return until(f"the answer to a {what} request", once, 120)[1]

    def malformed(self, key):
        lines = [json.dumps(e) for e in self.events(4)]
        broken = self.random.randrange(4)
        lines[broken] = self.random.choice(['{"client": 1, "n": ', '{"client": 1, "n": "many", "text": ""}', "[]", '{"n": 1}', "nonsense"])
        said = self.refused("malformed", 400, lambda: self.ask("\n".join(lines).encode(), "application/x-ndjson", key))
        check(said["problems"][0]["line"] == broken + 1 and said["problems"][0]["column"] >= 1 and said["problems"][0]["reason"],
              f"{said} for line {broken + 1}")

    def oversized(self, key):
        body = json.dumps(self.events(1) * 1500).encode() + b" " * BODY_BYTES
        said = self.refused("oversized", 413, lambda: self.ask(body, "application/json", key))
        check(str(BODY_BYTES) in said["error"], said)

    def slow(self, key):
        body = "".join(json.dumps(e) + "\n" for e in self.events(3)).encode()

        def ask():
            with self.raw(body, len(body) // 2, key) as s:
                answer = http.client.HTTPResponse(s)
                answer.begin()
                return answer.status, json.loads(answer.read())
        self.refused("slow", 408, ask)


def main():
    if WITHOUT_KEYS:
        TOPOLOGY["actors"][0]["params"]["keys"] = 0
    run = Run(sys.argv[1], TOPOLOGY)
    growth_max = int(sys.argv[2]) if len(sys.argv) > 2 else 0
    try:
        trial(run, seed(), growth_max)
    finally:
        run.close()


def is_up():
    try:
        c = http.client.HTTPConnection("127.0.0.1", PORT, timeout=5)
        c.request("GET", "/health")
        return json.loads(c.getresponse().read())["status"] == "ok"
    except (*BROKEN, ValueError):
        return False


def trial(run, seed_, growth_max):
    run.start()
    until("the server", is_up)
    at_rest = run.memory()
    clients = [Client(i, seed_) for i in range(CLIENTS)]
    for c in clients:
        c.daemon = True
        c.start()
    total, killed, most = 0, 0, 0
    began = time.monotonic()
    while any(c.is_alive() for c in clients):
        most = max(most, run.memory())
        done = sum(len(c.stored) for c in clients)
        if killed < KILLS and done > (killed + 1) * CLIENTS * REQUESTS * 8 / (KILLS + 1):
            run.kill()
            run.start()
            killed += 1
        time.sleep(0.01)
        if run.process.poll() is not None or time.monotonic() - began > 400:
            break
    problems = [c.problem for c in clients if c.problem]
    check(not problems, "\n".join(problems) + "\n" + run.text_of_log())
    check(not any(c.is_alive() for c in clients), "clients did not come to an end:\n" + run.text_of_log())
    run.stop()
    wanted = sorted(e for c in clients for e in c.stored)
    found = sorted((e["client"], e["n"]) for e in run.output())
    if WITHOUT_KEYS:
        check(len(found) > len(set(found)), "nothing was stored twice although keys were forgotten")
        return print(f"control: {len(found) - len(set(found))} events were stored twice")
    check(len(found) == len(set(found)), f"{len(found) - len(set(found))} events were stored twice")
    check(found == wanted, f"missing {sorted(set(wanted) - set(found))[:5]}, too many {sorted(set(found) - set(wanted))[:5]}")
    seen = {}
    for c in clients:
        for status, n in c.seen.items():
            seen[status] = seen.get(status, 0) + n
    check(killed == KILLS, f"only {killed} kills")
    check(all(seen.get(s) for s in (200, 400, 408, 413)), f"answers {seen}")
    print(f"{len(found)} events stored once, answers {dict(sorted(seen.items()))}, killed {killed} times, "
          f"memory {at_rest >> 20} MiB at rest, {most >> 20} MiB at most")
    if growth_max == 0:
        print("growth of memory is not checked in this build")
    check(growth_max == 0 or most - at_rest <= growth_max, f"memory grew by {most - at_rest} bytes, over {growth_max}")


main()
