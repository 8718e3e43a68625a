"""millrace.alert_sink by mail, to a web address and in the log.   alert_run.py <millrace>"""
import email, email.header, http.server, json, os, socketserver, sys, threading
from trial import Run, check

COMMAND = sys.argv[1]


class Mailbox:
    """As much of SMTP (RFC 5321) as it takes; the first mails are put off with 451."""

    def __init__(self, put_off):
        self.mails, self.put_off, self.logins, box = [], put_off, [], self

        class Handler(socketserver.StreamRequestHandler):
            def say(self, text):
                self.wfile.write(text.encode() + b"\r\n")

            def handle(self):
                self.say("220 trial")
                to = []
                while line := self.rfile.readline():
                    word = line.split()[0].upper() if line.split() else b""
                    if word == b"EHLO":
                        self.say("250-trial\r\n250-AUTH PLAIN\r\n250 8BITMIME")
                    elif word == b"AUTH":
                        if len(line.split()) == 2:
                            self.say("334 ")
                            line += self.rfile.readline()
                        box.logins.append(line.split()[2])
                        self.say("235 welcome")
                    elif word == b"RCPT":
                        to.append(line.split(b":")[1].split(b">")[0].strip(b" <>").decode())
                        self.say("250 ok")
                    elif word == b"DATA":
                        if box.put_off > 0:
                            box.put_off -= 1
                            self.say("451 later")
                            continue
                        self.say("354 go on")
                        text = b""
                        while (part := self.rfile.readline()) not in (b".\r\n", b""):
                            text += part[1:] if part.startswith(b".") else part
                        box.mails.append((to, email.message_from_bytes(text)))
                        self.say("250 taken")
                    elif word == b"QUIT":
                        self.say("221 bye")
                        return
                    else:
                        self.say("250 ok")

        class Threads(socketserver.ThreadingTCPServer):
            daemon_threads, allow_reuse_address = True, True
        self.server = Threads(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


ALERTS = "host,level,note\n" + "".join(f"h{i % 2},{('info', 'warning', 'error')[i % 3]},note {i}\n" for i in range(60)) + "h9,strange,\"ä .\"\n"


def run_with(**params):
    run = Run(COMMAND, {"millrace": 1, "name": "alerts", "settings": {"guarantee": "at_least_once"}, "actors": [
        {"name": "events", "type": "millrace.file_source", "params": {"path": "alerts.csv", "fields": "host:string,level:string,note:string"}},
        {"name": "tell", "type": "millrace.alert_sink", "params": {"severity": "level", "at_least": "warning", "group_by": "host",
                                                                   "lines": 5, "wait": 1000, "quiet": 600000} | params}],
        "streams": ["events -> tell"]})
    with open(f"{run.path}/alerts.csv", "w") as out:
        out.write(ALERTS)
    try:
        run.start()
        run.finish()
        return run.text_of_log()
    finally:
        run.close()


def by_mail():
    box = Mailbox(put_off=2)
    os.environ["TRIAL_PASSWORD"] = "hunter2"
    try:
        log = run_with(by="mail", smtp=f"smtp://127.0.0.1:{box.port}", tls="none", user="trial", token="env:TRIAL_PASSWORD",
                       **{"from": "millrace@example.org", "to": "ann@example.org, ben@example.org"})
    finally:
        box.close()
    check("hunter2" not in log, "the log shows the password")
    check(len(box.mails) == 3 and box.put_off == 0 and box.logins, f"{len(box.mails)} mails")
    found = {}
    for to, mail in box.mails:
        check(to == ["ann@example.org", "ben@example.org"], to)
        found[mail["Subject"]] = mail.get_payload(decode=True).decode()
    check(sorted(found) == ["critical: tell h9", "error: tell h0 (20 alerts)", "error: tell h1 (20 alerts)"], sorted(found))
    check(found["critical: tell h9"] == "host=h9 level=strange note=ä .\r\n", repr(found["critical: tell h9"]))
    lines = found["error: tell h0 (20 alerts)"].splitlines()
    check(len(lines) == 6 and lines[0] == "host=h0 level=error note=note 2" and lines[5] == "… and 15 more", lines)
    print("41 alerts in 3 mails, after 2 that were put off", flush=True)


def by_webhook():
    got = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def log_message(self, *_):
            pass

        def do_POST(self):
            got.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(500 if len(got) == 1 else 204)
            self.end_headers()
    server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    try:
        run_with(by="webhook", url=f"http://127.0.0.1:{server.server_port}/alerts", show="note")
    finally:
        server.shutdown()
        server.server_close()
    check([(m["group"], m["severity"], m["count"]) for m in sorted(got[1:], key=lambda m: m["group"])] == [("h0", "error", 20), ("h1", "error", 20), ("h9", "critical", 1)], got)
    h0 = next(m for m in got if m["group"] == "h0")
    check(got[0] == got[1] and h0["alerts"][0] == "note=note 2" and "error: tell h0 (20 alerts)" in h0["text"], h0)
    print("41 alerts in 3 messages to a web address, one of them twice after a 500", flush=True)


def in_log():
    log = run_with(by="log")
    check("error tell/0: error: tell h0 (20 alerts): host=h0" in log and "critical: tell h9" in log, log)
    print("41 alerts in 3 entries of the log", flush=True)


by_mail()
by_webhook()
in_log()
