"""A ZeroMQ socket for trials, by libzmq's C functions: Python's own binding is no dependency of Millrace."""
import ctypes

ZMQ = ctypes.CDLL("libzmq.so.5", use_errno=True)
ZMQ.zmq_ctx_new.restype = ZMQ.zmq_socket.restype = ctypes.c_void_p
PUB, SUB, PULL, PUSH = 1, 2, 7, 8
SUBSCRIBE, LINGER, SNDHWM, RCVHWM, LAST_ENDPOINT, RCVTIMEO, SNDTIMEO, SNDMORE = 6, 17, 23, 24, 32, 27, 28, 2


class Peer:
    """Waits at most `patience` ms for each message; nothing is kept when it is closed."""
    def __init__(self, kind, address, binds=False, hwm=1000, patience=20000, linger=0):
        self.context = ctypes.c_void_p(ZMQ.zmq_ctx_new())
        self.socket = ctypes.c_void_p(ZMQ.zmq_socket(self.context, kind))
        for option, value in ((LINGER, linger), (SNDHWM, hwm), (RCVHWM, hwm), (RCVTIMEO, patience), (SNDTIMEO, patience)):
            number = ctypes.c_int(value)
            ZMQ.zmq_setsockopt(self.socket, option, ctypes.byref(number), ctypes.c_size_t(4))
        if kind == SUB:
            ZMQ.zmq_setsockopt(self.socket, SUBSCRIBE, b"", ctypes.c_size_t(0))
        if (ZMQ.zmq_bind if binds else ZMQ.zmq_connect)(self.socket, address.encode()) != 0:
            raise OSError(ctypes.get_errno(), address)

    def send(self, *parts):
        for i, part in enumerate(parts):
            if ZMQ.zmq_send(self.socket, part, ctypes.c_size_t(len(part)), SNDMORE if i + 1 < len(parts) else 0) < 0:
                return False
        return True

    def receive(self):
        """One part; None: nothing came in time."""
        room = ctypes.create_string_buffer(1 << 16)
        n = ZMQ.zmq_recv(self.socket, room, ctypes.c_size_t(len(room)), 0)
        return None if n < 0 else room.raw[:n]

    def close(self):
        if self.socket:
            ZMQ.zmq_close(self.socket)
            ZMQ.zmq_ctx_term(self.context)
            self.socket = None
