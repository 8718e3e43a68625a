"""millrace.zmq_sink and millrace.zmq_ingest through the real command: both formats and patterns, messages that are malformed
or too long, peers that go and come back, and a logged ingest that is killed.   zmq_run.py <millrace>"""
import json, os, subprocess, sys, tempfile
from trial import PATIENCE, Run, check, free_port, until
from zmq_peer import PUB, PULL, PUSH, SUB, Peer

COMMAND = sys.argv[1]
FIELDS = "n:int64,text:string?,share:float64?,amount:decimal?,at:event_time?,ok:bool?"
LINES = ('{"n":-3,"text":"ä \\"x\\"","share":0.25,"amount":19.90,"at":"2026-11-21T10:00:00.000000007Z","ok":true}',
         '{"n":9007199254740993,"text":null,"share":-1.5,"amount":null,"at":"1969-12-31T23:59:59.5Z","ok":false}',
         '{"n":70000,"text":"","share":null,"amount":-0.01,"at":null,"ok":null}')


def ingest(port, **params):
    return Run(COMMAND, {
        "millrace": 1, "name": "ingest", "settings": {"snapshot_interval": "200ms", "guarantee": "at_least_once"},
        "actors": [
            {"name": "feed", "type": "millrace.zmq_ingest",
             "params": {"address": f"tcp://127.0.0.1:{port}", "fields": FIELDS, **params}},
            {"name": "written", "type": "millrace.file_sink", "params": {"path": "out", "format": "jsonl"}}],
        "streams": ["feed -> written"]})


def sending(port, lines, rate=0, **params):
    run = Run(COMMAND, {
        "millrace": 1, "name": "sending", "settings": {"guarantee": "at_least_once"},
        "actors": [
            {"name": "lines", "type": "millrace.file_source", "params": {"path": "in.jsonl", "format": "jsonl", "fields": FIELDS, "rate": rate}},
            {"name": "sent", "type": "millrace.zmq_sink", "params": {"address": f"tcp://127.0.0.1:{port}", **params}}],
        "streams": ["lines -> sent"]})
    with open(os.path.join(run.path, "in.jsonl"), "w") as out:
        out.writelines(line + "\n" for line in lines)
    return run


def numbered(n):
    return json.dumps({"n": n}).encode()


def round_trip(form):
    port = free_port()
    taker, giver = ingest(port, format=form, count=3), sending(port, LINES, format=form)
    try:
        taker.start()
        giver.start()
        giver.finish()
        taker.finish()
        check(taker.output() == [json.loads(line) for line in LINES], f"{form}: {taker.output()}")
    finally:
        taker.close()
        giver.close()


def letters(run):
    said = subprocess.run([COMMAND, "deadletter", "list", run.file.replace(".mill", ".data")], capture_output=True, text=True, timeout=60 * PATIENCE)
    return said.stdout + said.stderr


def malformed():
    """Good ones between bad ones. One that is too long costs its sender the connection, and others nothing."""
    port = free_port()
    run, peer, big = ingest(port, format="msgpack", count=4, message_bytes=1000, logged=True), None, None
    try:
        run.start()
        big = Peer(PUSH, f"tcp://127.0.0.1:{port}")
        check(big.send(b"\x91" + b"x" * 2000), "no room")
        peer = Peer(PUSH, f"tcp://127.0.0.1:{port}")
        for message in (b"\x81\xa1n\x01", b"", b"\xc1", b"\x81\xa1n\xa1x", b"\x82\xa1n\x01\xa1n\x02", b"\x81\xa1n", b"\x80",
                        b"\x92\x81\xa1n\x02\x81\xa1n\xc3", b"\x81\xa4text\xa1a", b"\x82\xa1n\x05\xa4text\xa1\xff",
                        b"\x91\x03", b"\xdd\xff\xff\xff\xff", b"\x81\xa1n\x09\x00"):
            check(peer.send(message), "no room")
        check(peer.send(b"\x81\xa1n\x08", b"\x81\xa1n\x08") and peer.send(b"\x81\xa1n\x04"), "no room")
        run.finish()
        check([e["n"] for e in run.output()] == [1, 2, 3, 4], f"{run.output()}")
        return letters(run), run.text_of_log()
    finally:
        run.close()
        for p in (peer, big):
            if p:
                p.close()


def comes_back():
    """A receiver that goes and comes back: the sender waits, and goes on to the last event. Only what the first receiver or
    the kernel had taken may be missing: it is one gap."""
    port = free_port()
    run = sending(port, [numbered(n).decode() for n in range(3000)], high_water_mark=10, timeout=60000)
    peer = Peer(PULL, f"tcp://127.0.0.1:{port}", binds=True, hwm=10)
    try:
        run.start()
        got = [json.loads(peer.receive())["n"] for _ in range(100)]
        peer.close()
        peer = Peer(PULL, f"tcp://127.0.0.1:{port}", binds=True, hwm=10)
        while got[-1] != 2999:
            got.append(json.loads(peer.receive())["n"])
        run.finish()
        check(got == sorted(set(got)), "out of order or twice")
        gaps = [(a, b) for a, b in zip(got, got[1:]) if b != a + 1]
        check(got[:100] == list(range(100)) and len(gaps) <= 1, f"the first ones, or gaps {gaps}")
    finally:
        run.close()
        peer.close()


def nobody_there():
    run = sending(free_port(), [numbered(n).decode() for n in range(100)], high_water_mark=10, timeout=200, linger=0)
    try:
        run.start()
        code = run.process.wait(timeout=60 * PATIENCE)
        check(code != 0 and "had room for a message in 200 ms" in run.text_of_log(), run.text_of_log())
    finally:
        run.close()


def published():
    """A subscriber takes what has its topic; a PUB socket does not wait for it, so it is sent until it is there."""
    port = free_port()
    run = ingest(port, socket="sub", attach="bind", topic="a", count=3)
    peer = Peer(PUB, f"tcp://127.0.0.1:{port}")
    try:
        run.start()

        def sent():
            check(peer.send(b"b", b'{"n": 7}') and peer.send(b"a", b'{"n": 1}'), "no room")
            return run.process.poll() is not None
        until("three events", sent)
        run.finish()
        check([e["n"] for e in run.output()][:3] == [1, 1, 1], f"{run.output()}")
    finally:
        run.close()
        peer.close()


def published_by_sink():
    """A PUB sink on a unix socket: each subscriber gets what is sent from then on, whole and in order, with its topic; `linger`
    lets the last ones arrive."""
    with tempfile.TemporaryDirectory(prefix="millrace-zmq-") as folder:
        address = f"ipc://{folder}/feed"
        run = sending(0, [numbered(n).decode() for n in range(1500)], address=address, attach="bind", socket="pub", topic="t",
                      linger=60000, rate=500)
        peers = []
        try:
            run.start()
            peers = [Peer(SUB, address, hwm=5000) for _ in range(2)]
            for peer in peers:
                got = []
                while not got or got[-1] != 1499:
                    check(peer.receive() == b"t", "no topic before an event")
                    got.append(json.loads(peer.receive())["n"])
                check(got == list(range(got[0], 1500)), f"from {got[0]}: a gap, or out of order")
            run.finish()
        finally:
            run.close()
            for peer in peers:
                peer.close()


def lingers():
    """What a run has sent and nobody has taken when its input ends: `linger` waits for a peer, and says so when none comes."""
    port = free_port()
    run, peer = sending(port, [numbered(n).decode() for n in range(100)], linger=60000), None
    try:
        run.start()
        until("the run", lambda: "running" in run.text_of_log())
        peer = Peer(PULL, f"tcp://127.0.0.1:{port}", binds=True)
        check([json.loads(peer.receive())["n"] for _ in range(100)] == list(range(100)), "not all arrived")
        run.finish()
        check("are lost" not in run.text_of_log(), run.text_of_log())
    finally:
        run.close()
        if peer:
            peer.close()
    run = sending(free_port(), [numbered(n).decode() for n in range(100)], linger=100)
    try:
        run.start()
        run.finish()
        check("within 100 ms ('linger'): those left are lost" in run.text_of_log(), run.text_of_log())
    finally:
        run.close()


def killed():
    """What a logged ingest has given out is there after kill -9, in order and once; what was in flight may be missing."""
    port = free_port()
    run = ingest(port, logged=True, high_water_mark=20)
    peer = Peer(PUSH, f"tcp://127.0.0.1:{port}", hwm=20, patience=60000)
    number = 0
    try:
        run.start()
        for _ in range(3):
            before = len(run.output())
            kept = []

            def grown():
                nonlocal number, kept
                check(peer.send(numbered(number)), "no room")
                number += 1
                kept = [e["n"] for e in run.output()]
                return len(kept) > before + 20
            until("committed events", grown)
            run.kill()
            run.start()
            until("them again", lambda: [e["n"] for e in run.output()][:len(kept)] == kept)
        last = number

        def arrived():
            nonlocal number
            check(peer.send(numbered(number)), "no room")
            number += 1
            return any(e["n"] >= last for e in run.output())
        until("an event after the last kill", arrived)
        run.stop()
        got = [e["n"] for e in run.output()]
        check(got == sorted(set(got)), "events out of order or twice")
        print(f"of {number} sent, {len(got)} arrived")
    finally:
        run.close()
        peer.close()


def main():
    for form in ("json", "msgpack"):
        round_trip(form)
    said, log = malformed()
    for piece in ("message 3:1:1: expected a map or an array of fields", "message 4:1:", "field 'n' is there twice", "field 'n' is missing",
                  "it is empty", "it has 2 parts", "text is not UTF-8", "message 8:2:"):
        check(piece in said, f"no letter says '{piece}':\n{said}\n{log}")
    for trial in (comes_back, nobody_there, published, published_by_sink, lingers, killed):
        trial()
        print(f"{trial.__name__}: as expected", flush=True)


main()
