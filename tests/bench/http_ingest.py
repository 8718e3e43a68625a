"""Events a second that millrace.http_ingest makes durable and answers.   http_ingest.py <millrace> [<seconds each>]

Method: one run of `web -> null_sink`, a log synced with every entry. Client processes on the same machine each keep one
connection and POST JSON arrays of events of three fields (some 60 bytes as JSON), the next when the last is answered,
for so many seconds after a second of warming up. A row is a number of clients and of events a request; the rate counts
answered events. Clients in Python share the processors with the run, so many small requests measure them as well."""
import http.client, json, multiprocessing, os, sys, time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "actors", "net"))
from trial import Run, free_port, until

PORT = free_port()
TOPOLOGY = {"millrace": 1, "name": "bench", "settings": {"snapshot_interval": "5s"}, "actors": [
    {"name": "web", "type": "millrace.http_ingest",
     "params": {"listen": f"127.0.0.1:{PORT}", "fields": "account:string,amount:float64,at:event_time"}},
    {"name": "end", "type": "millrace.null_sink"}], "streams": ["web -> end"]}


def client(number, events, keyed, seconds, results):
    body = json.dumps([{"account": f"account-{i}", "amount": i / 4, "at": 1700000000 + i} for i in range(events)]).encode()
    c = http.client.HTTPConnection("127.0.0.1", PORT, timeout=30)
    begin, done, times = time.monotonic() + 1, 0, []
    n = 0
    while (now := time.monotonic()) < begin + seconds:
        n += 1
        headers = {"Content-Type": "application/json"}
        if keyed:
            headers["Idempotency-Key"] = f"{os.getpid()}-{n}"
        c.request("POST", "/events", body, headers)
        answer = c.getresponse()
        answer.read()
        if answer.status != 200:
            raise SystemExit(f"answer {answer.status}")
        if now >= begin:
            done += events
            times.append(time.monotonic() - now)
    results.put((done, times))


def is_up():
    try:
        http.client.HTTPConnection("127.0.0.1", PORT, timeout=5).request("GET", "/health")
        return True
    except OSError:
        return False


def measure(clients, events, keyed, seconds):
    results = multiprocessing.Queue()
    all_ = [multiprocessing.Process(target=client, args=(i, events, keyed, seconds, results)) for i in range(clients)]
    for p in all_:
        p.start()
    found = [results.get(timeout=seconds + 60) for _ in all_]
    for p in all_:
        p.join()
    times = sorted(t for _, ts in found for t in ts)
    rate = sum(done for done, _ in found) / seconds
    print(f"{clients:7} {events:14} {'yes' if keyed else 'no':>5} {rate:12,.0f} {len(times) / seconds:12,.0f} "
          f"{times[len(times) // 2] * 1e3:8.1f} {times[len(times) * 99 // 100] * 1e3:8.1f}", flush=True)


def main():
    seconds = float(sys.argv[2]) if len(sys.argv) > 2 else 5
    run = Run(sys.argv[1], TOPOLOGY)
    try:
        run.start()
        until("the server", is_up)
        print("clients events/request  keys     events/s   requests/s   p50 ms   p99 ms")
        for clients, events, keyed in ((1, 1, False), (4, 1, False), (4, 10, False), (4, 100, False), (4, 1000, False),
                                       (4, 100, True)):
            measure(clients, events, keyed, seconds)
        run.stop()
    finally:
        run.close()


main()
