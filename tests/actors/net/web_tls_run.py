"""millrace.http_poll and millrace.http_sink over TLS: a server with a certificate of an authority made here, and what is to be
refused: another authority, another name, no authority at all.   web_tls_run.py <millrace>"""
import http.server, json, os, socketserver, ssl, subprocess, sys, tempfile, threading
from trial import PATIENCE, Run, check, until

COMMAND = sys.argv[1]


def openssl(folder, *words):
    subprocess.run(["openssl", *words], cwd=folder, check=True, capture_output=True)


def make_certificates(folder):
    """ca.pem, other.pem, and server.pem by ca for the name localhost alone."""
    for name in ("ca", "other"):
        openssl(folder, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", name + ".key", "-out", name + ".pem",
                "-days", "2", "-subj", "/CN=" + name)
    openssl(folder, "req", "-newkey", "rsa:2048", "-nodes", "-keyout", "server.key", "-out", "server.csr", "-subj", "/CN=server")
    with open(os.path.join(folder, "names"), "w") as out:
        out.write("subjectAltName=DNS:localhost\n")
    openssl(folder, "x509", "-req", "-in", "server.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial",
            "-out", "server.pem", "-days", "2", "-extfile", "names")


class Server:
    """Gives one event to each GET, and keeps what is POSTed."""

    def __init__(self, folder):
        self.taken, self.asked = [], 0
        server = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def answer(self, body):
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def do_GET(self):
                server.asked += 1
                self.answer(json.dumps({"n": server.asked}).encode())

            def do_POST(self):
                server.taken += json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                self.answer(b"")

        class Threads(socketserver.ThreadingMixIn, http.server.HTTPServer):
            daemon_threads = True

            def handle_error(self, *_):
                pass

            def get_request(self):
                # The handshake in the connection's own thread: one that fails must not end the server's.
                plain, address = self.socket.accept()
                return tls.wrap_socket(plain, server_side=True, do_handshake_on_connect=False), address

        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(os.path.join(folder, "server.pem"), os.path.join(folder, "server.key"))
        self.http = Threads(("127.0.0.1", 0), Handler)
        self.port = self.http.server_port
        threading.Thread(target=self.http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()

    def close(self):
        self.http.shutdown()
        self.http.server_close()


def polling(url, **params):
    return Run(COMMAND, {"millrace": 1, "name": "poll", "settings": {"guarantee": "at_most_once"}, "actors": [
        {"name": "web", "type": "millrace.http_poll", "params": {"url": url, "interval": 20, "count": 3, "fields": "n:int64"} | params},
        {"name": "written", "type": "millrace.file_sink", "params": {"path": "out", "format": "jsonl"}}],
        "streams": ["web -> written"]})


def sending(url, **params):
    run = Run(COMMAND, {"millrace": 1, "name": "send", "settings": {"guarantee": "at_least_once"}, "actors": [
        {"name": "lines", "type": "millrace.file_source", "params": {"path": "in.csv", "fields": "n:int64"}},
        {"name": "web", "type": "millrace.http_sink", "params": {"url": url, "format": "json_array", "give_up_after": 2000} | params}],
        "streams": ["lines -> web"]})
    with open(os.path.join(run.path, "in.csv"), "w") as out:
        out.write("n\n" + "".join(f"{n}\n" for n in range(250)))
    return run


def refused(run, server, what, polls):
    """The run says that it is the certificate, and the server has heard nothing of it."""
    asked, taken = server.asked, len(server.taken)
    try:
        run.start()
        # A poll is tried again: certificates are mended.
        until(f"a word of the certificate: {what}", lambda: "certificate" in run.text_of_log().lower())
        if not polls:
            check(run.process.wait(timeout=60 * PATIENCE) != 0, f"{what}: the run ended well:\n{run.text_of_log()}")
        check((server.asked, len(server.taken)) == (asked, taken) and not run.output(), f"{what}: something went over")
    finally:
        run.close()


def main():
    folder = tempfile.TemporaryDirectory(prefix="millrace-tls-")
    make_certificates(folder.name)
    server = Server(folder.name)
    ca, other = (os.path.join(folder.name, name + ".pem") for name in ("ca", "other"))
    right, by_number = (f"https://{host}:{server.port}/x" for host in ("localhost", "127.0.0.1"))
    try:
        run = polling(right, ca_file=ca)
        run.start()
        run.finish()
        check([e["n"] for e in run.output()] == [1, 2, 3], run.output())
        run.close()
        run = sending(right, ca_file=ca)
        run.start()
        run.finish()
        check(sorted(e["n"] for e in server.taken) == list(range(250)), f"{len(server.taken)} arrived")
        run.close()
        print("polled and sent over TLS", flush=True)
        for make in (polling, sending):
            refused(make(right, ca_file=other), server, f"{make.__name__}, another authority", make is polling)
            refused(make(right), server, f"{make.__name__}, the system's authorities", make is polling)
            refused(make(by_number, ca_file=ca), server, f"{make.__name__}, another name", make is polling)
        print("refused: another authority, the system's, another name", flush=True)
    finally:
        server.close()
        folder.cleanup()


main()
