"""Warm kernels: Jupyter kernels forked from a process that has already imported what they need.

Importing the analysis libraries takes several seconds, and forking a process that has done so a
few hundredths of one. `WarmProvisioner` is what `jupyter_client` calls a kernel provisioner: it
starts the kernel's process in another way, and everything else about the kernel stays as it is.
"""

import os
import signal
import sys
import threading
from dataclasses import dataclass
from multiprocessing import Pipe, get_context, parent_process
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess

import zmq
from ipykernel import kernelapp
from ipykernel.iostream import IOPubThread
from jupyter_client.manager import AsyncKernelManager
from jupyter_client.provisioning import LocalProvisioner
from traitlets import Instance
from zmq.eventloop.zmqstream import ZMQStream


@dataclass(frozen=True)
class Spare:
    """A forked process that waits to become a kernel.

    It has the part of `subprocess.Popen` that `jupyter_client` asks of a kernel's process.
    """

    process: BaseProcess
    orders: Connection
    stdin: None = None
    stdout: None = None
    stderr: None = None

    @classmethod
    def fork(cls) -> "Spare":
        """Fork this process; to be done while it has no threads."""
        receiver, orders = Pipe(duplex=False)
        process = get_context("fork").Process(target=_become_kernel, args=(receiver,))
        process.start()
        receiver.close()
        return cls(process, orders)

    @property
    def pid(self) -> int:
        """The process's number."""
        return self.process.pid

    def poll(self) -> int | None:
        """How the process ended; None while it runs."""
        return self.process.exitcode

    def wait(self) -> int:
        """Wait for its end."""
        self.process.join()
        return self.process.exitcode

    def send_signal(self, number: int) -> None:
        """Send a signal, unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """End it at once."""
        self.send_signal(signal.SIGKILL)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)


class WarmManager(AsyncKernelManager):
    """A kernel manager that has a spare process at hand."""

    spare = Instance(Spare, allow_none=True)


class WarmProvisioner(LocalProvisioner):
    """Makes a kernel of its manager's spare process; without one, starts a kernel from nothing."""

    async def launch_kernel(self, cmd: list[str], **options) -> dict:
        """Start a kernel; `cmd` is the command that would have started an ordinary one."""
        spare = getattr(self.parent, "spare", None)
        if "ipykernel_launcher" not in cmd or os.name != "posix":
            return await super().launch_kernel(cmd, **options)
        if spare is None:
            own = [__name__ if part == "ipykernel_launcher" else part for part in cmd]
            return await super().launch_kernel(own, **options)
        arguments = cmd[cmd.index("ipykernel_launcher") + 1 :]
        self.cwd = str(options.get("cwd") or os.getcwd())
        spare.orders.send((arguments, self.cwd, dict(options["env"])))
        self.process, self.pid = spare, spare.pid
        return self.connection_info


class LocalPipe(IOPubThread):
    """The thread that sends a kernel's outputs, without ipykernel's one TCP port.

    Through it, processes that a cell forks hand on what they print; here they do so through a
    socket file beside the kernel's others.
    """

    address = ""

    def _setup_pipe_in(self) -> None:
        self._pipe_uuid = os.urandom(16)
        receiver = self.socket.context.socket(zmq.PULL)
        receiver.linger = 0
        receiver.bind(self.address)
        self._pipe_in = ZMQStream(receiver, self.io_loop)
        self._pipe_in.on_recv(self._handle_pipe_msg)

    def _setup_pipe_out(self):
        context = zmq.Context()  # of the forked process's own
        sender = context.socket(zmq.PUSH)
        sender.linger = 3_000
        sender.connect(self.address)
        return context, sender


def _become_kernel(orders: Connection) -> None:
    """Wait for orders, then be a kernel until told to stop; the target of the forked process.

    The orders are the arguments of `python -m ipykernel_launcher`, the working folder, and all
    environment variables.
    """
    import numpy as np

    end_with_parent()
    arguments, folder, environment = orders.recv()
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    # Every fork would otherwise draw the same "random" numbers.
    np.random.seed()
    _serve(arguments)


def _serve(arguments: list[str]) -> None:
    """Be a kernel that listens on socket files alone; `arguments` as for `ipykernel_launcher`."""
    sockets = os.path.dirname(arguments[arguments.index("-f") + 1])
    LocalPipe.address = f"ipc://{sockets}/pipe"
    kernelapp.IOPubThread = LocalPipe
    kernelapp.IPKernelApp.launch_instance(argv=arguments)


def end_with_parent() -> None:
    """Have this process end, with its group, as soon as the one that asked for it is gone."""

    def watch() -> None:
        wait([parent_process().sentinel])
        os.killpg(0, signal.SIGKILL)

    threading.Thread(target=watch, daemon=True).start()


if __name__ == "__main__":
    _serve(sys.argv[1:])
