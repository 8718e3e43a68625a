"""What the trials of network actors share: a run of the real command, seeds, and waiting with a limit."""
import json, os, random, signal, socket, subprocess, sys, tempfile, time

PATIENCE = float(os.environ.get("MILLRACE_TEST_PATIENCE", "1"))


def seed():
    """MILLRACE_SEED repeats a trial."""
    value = int(os.environ.get("MILLRACE_SEED", random.SystemRandom().randrange(1 << 32)))
    print(f"seed {value}; MILLRACE_SEED={value} repeats it", flush=True)
    return value


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def until(what, condition, seconds=60.0):
    """Waits for a condition; the limit is only there to end a trial that hangs."""
    end = time.monotonic() + seconds * PATIENCE
    while not (found := condition()):
        if time.monotonic() > end:
            sys.exit(f"FAILED: waited in vain for {what}")
        time.sleep(0.02)
    return found


def check(ok, what):
    if not ok:
        raise SystemExit(f"FAILED: {what}")


class Run:
    """One topology, in a folder of its own, that may be killed and started again."""

    def __init__(self, command, topology):
        self.command = command
        self.folder = tempfile.TemporaryDirectory(prefix="millrace-net-")
        self.path = self.folder.name
        self.name = topology["name"]
        self.file = os.path.join(self.path, self.name + ".mill")
        with open(self.file, "w") as out:
            json.dump(topology, out)
        self.process = None

    def start(self):
        self.log = open(os.path.join(self.path, "run.log"), "ab")
        self.process = subprocess.Popen([self.command, "run", self.file], stdout=self.log, stderr=self.log)

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.log.close()

    def stop(self):
        self.process.send_signal(signal.SIGINT)
        code = self.process.wait(timeout=60 * PATIENCE)
        self.log.close()
        check(code == 0, f"the run ended with {code}:\n{self.text_of_log()}")

    def finish(self, seconds=120):
        code = self.process.wait(timeout=seconds * PATIENCE)
        self.log.close()
        check(code == 0, f"the run ended with {code}:\n{self.text_of_log()}")

    def text_of_log(self):
        with open(os.path.join(self.path, "run.log"), errors="replace") as log:
            return log.read()[-4000:]

    def memory(self):
        """Bytes of its own memory, without mapped files; 0 when it is not running."""
        try:
            with open(f"/proc/{self.process.pid}/status") as status:
                return sum(int(line.split()[1]) * 1024 for line in status if line.startswith("RssAnon"))
        except (FileNotFoundError, ProcessLookupError):
            return 0

    def output(self, folder="out"):
        """Committed JSON lines of a file sink."""
        path = os.path.join(self.path, folder)
        found = []
        for name in sorted(os.listdir(path)) if os.path.isdir(path) else []:
            if name.endswith(".jsonl"):
                with open(os.path.join(path, name)) as lines:
                    found += [json.loads(line) for line in lines]
        return found

    def close(self):
        if self.process and self.process.poll() is None:
            self.kill()
        self.folder.cleanup()
