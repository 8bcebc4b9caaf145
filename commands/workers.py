"""Several processes behind one door, replaced when they die, take too much memory, or on SIGHUP."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Any

import structlog
import uvicorn
from uvicorn.config import STARTUP_FAILURE
from uvicorn.supervisors.multiprocess import Multiprocess, Process

from commands.door import Door
from commands.processes import WorkerServer

START_SECONDS_MAX = 60

_log = structlog.get_logger("processes")


class Worker(Process):
    """A process with its end of a channel to the door."""

    def __init__(self, config: uvicorn.Config, megabytes_max: int) -> None:
        self.doors_end, self._own_end = socket.socketpair()
        self._megabytes_max = megabytes_max
        super().__init__(config, [])

    def __getstate__(self) -> dict[str, Any]:
        # Held by the worker too, the door's end would never be seen to end.
        return {**self.__dict__, "doors_end": None}

    def start(self) -> None:
        """Begin; from here on the worker alone has its end."""
        super().start()
        self._own_end.close()

    @property
    def server(self) -> uvicorn.Server:
        """What serves in the worker."""
        if self._server is None:
            self._server = WorkerServer(self.config, self._own_end, megabytes_max=self._megabytes_max)
        return self._server


class Workers(Multiprocess):
    """Keeps so many workers alive. Says when all of them serve."""

    processes: list[Worker]  # type: ignore[assignment]

    def __init__(
        self,
        config: uvicorn.Config,
        listening: socket.socket,
        welcome: Callable[[], None],
        *,
        megabytes_max: int = 0,
    ) -> None:
        super().__init__(config, [])
        self._welcome = welcome
        self._megabytes_max = megabytes_max
        self._door = Door(listening)
        self._leaving: list[Worker] = []  # finish what they have

    def _started(self) -> Worker:
        worker = Worker(self.config, self._megabytes_max)
        worker.start()
        self._door.add(worker.doors_end)
        return worker

    def init_processes(self) -> None:
        """Start them, then say so."""
        self._door.start()
        self.processes = [self._started() for _ in range(self.processes_num)]
        if all(worker.wait_until_ready(START_SECONDS_MAX) for worker in self.processes):
            self._welcome()

    @property
    def failed(self) -> bool:
        """Whether one could not start, or nobody could be let in any more."""
        return self._door.has_failed or any(worker.exitcode == STARTUP_FAILURE for worker in self.processes)

    def keep_subprocess_alive(self) -> None:
        """Replace those that died, and those that asked for it."""
        self._leaving = [worker for worker in self._leaving if worker.process.is_alive()]
        if self._door.has_failed:
            _log.error("nobody is let in any more")
            self.should_exit.set()
        for place, worker in enumerate(self.processes):
            if self.should_exit.is_set():
                return
            if not worker.is_alive(timeout=self.config.timeout_worker_healthcheck):
                self._bury(place, worker)
            elif worker.doors_end in self._door.asking:
                self._door.asking.discard(worker.doors_end)
                self._replace(place)

    def _bury(self, place: int, worker: Worker) -> None:
        worker.kill()  # it may only hang
        worker.join()
        if worker.exitcode == STARTUP_FAILURE:  # so would the next one
            self.should_exit.set()
            return
        _log.warning("process died", worker=worker.pid)
        self.processes[place] = self._started()

    def _replace(self, place: int) -> bool:
        """Put another worker in the place of one, which leaves when that serves; False if it never does."""
        worker = self._started()
        if not worker.wait_until_ready(START_SECONDS_MAX, self.should_exit):
            worker.kill()
            worker.join()
            return False
        self.processes[place].terminate()
        self._leaving.append(self.processes[place])
        self.processes[place] = worker
        return True

    def restart_all(self) -> None:
        """Replace each worker, one after the other."""
        for place in range(len(self.processes)):
            if self.should_exit.is_set() or not self._replace(place):
                return

    def handle_ttin(self) -> None:
        """One more, on SIGTTIN."""
        self.processes_num += 1
        self.processes.append(self._started())

    def terminate_all(self) -> None:
        """Let nobody in any more, and have the workers finish what they have."""
        self._door.shut()
        super().terminate_all()

    def join_all(self) -> None:
        """Wait for all of them, those that were leaving before too."""
        for worker in self._leaving:
            worker.join()
        super().join_all()
