"""Runs a handler: from a job to its outcome (jobs.md §10.3 to §10.5). Knows no wire: chunks go to the caller."""

import asyncio
import inspect
import json
import os
import traceback

from . import VERSION
from .json_text import NotJson, to_json
from .modules.rp_logger import RunPodLogger
from .utils.rp_debugger import clear_debugger_output, get_debugger_output


class Outcome:
    """The outcome of a job."""

    def __init__(self, output=None, error=None, refresh=False, streamed=False):
        #: JSON text; None without output
        self.output = output
        #: why the job has failed; None if it has not
        self.error = error
        #: whether to replace the instance (jobs.md W-12)
        self.refresh = refresh
        #: whether the handler gave chunks: the output is theirs
        self.streamed = streamed


async def run_handler(program, job, send, instance="unknown", is_stopped=lambda: False):
    """Calls the handler with `job` and gives its outcome.

    Awaits `send` with the JSON text of every chunk, in order. `is_stopped` tells whether the job was cancelled: its
    CancelledError is no error then. Raises SystemExit and KeyboardInterrupt, which end the process.
    """
    try:
        outcome = await _run(program, job, send, instance, is_stopped)
    finally:
        clear_debugger_output()
    outcome.refresh = outcome.refresh or program.refreshes
    if outcome.error is not None:
        if len(outcome.error) > _LONGEST_ERROR:
            outcome.error = outcome.error[:_LONGEST_ERROR] + "…"
        _log.error(outcome.error, job["id"])
    return outcome


async def _run(program, job, send, instance, is_stopped):
    try:
        value = program.handler(job)
        if inspect.isawaitable(value):
            value = await value
        if not (hasattr(type(value), "__anext__") or hasattr(type(value), "__next__")):
            return _to_outcome(value, program, job)
    except (SystemExit, KeyboardInterrupt):
        raise
    except NotJson as error:
        return Outcome(error=f"the handler returned a value that JSON cannot hold: {error}")
    except BaseException as error:  # CancelledError too (jobs.md §10.4)
        return Outcome() if _is_stop(error, is_stopped) else Outcome(error=_describe(error, instance))
    return await _stream(value, job, send, is_stopped)


def _is_stop(error, is_stopped):
    return isinstance(error, asyncio.CancelledError) and is_stopped()


# jobs.md §10.4
def _to_outcome(value, program, job):
    error = refresh = None
    if isinstance(value, dict):
        error = value.pop("error", None)
        refresh = bool(value.pop("refresh_worker", None))
        if program.debugger and not error:
            value["rp_debugger"] = get_debugger_output()
    elif program.debugger:
        _log.info(f"rp_debugger: {get_debugger_output()}", job["id"])
    has_output = not (isinstance(value, dict) and not value)
    if not error:
        return Outcome(to_json(value, job["id"]) if has_output else None, None, refresh)
    return Outcome(_to_json_or_nothing(value, job) if has_output else None, _to_text(error, job), refresh)


def _to_json_or_nothing(value, job):
    try:
        return to_json(value, job["id"])
    except NotJson as error:
        _log.warn(f"beside its error the handler returned what JSON cannot hold: {error}", job["id"])
        return None


def _to_text(error, job):
    if isinstance(error, str):
        return error
    try:
        return to_json(error, job["id"]).decode()
    except NotJson:
        return str(error) or type(error).__name__


# jobs.md §10.5
async def _stream(iterator, job, send, is_stopped):
    index = 0
    try:
        try:
            while True:
                value = await _next(iterator)
                if value is _EXHAUSTED:
                    return Outcome(b"[]", streamed=True)
                if isinstance(value, dict) and value.get("error"):
                    return Outcome(error=_to_text(value["error"], job), streamed=True)
                await send(to_json(value, job["id"]))
                index += 1
        finally:
            await _close(iterator)
    except (SystemExit, KeyboardInterrupt):
        raise
    except NotJson as error:
        return Outcome(error=f"the handler yielded a value that JSON cannot hold, chunk {index}: {error}", streamed=True)
    except BaseException as error:
        if _is_stop(error, is_stopped):
            return Outcome(b"[]", streamed=True)
        return Outcome(error=f"handler: {_message(error)} \ntraceback: {_traceback(error)}", streamed=True)


async def _next(iterator):
    if hasattr(type(iterator), "__anext__"):
        try:
            return await iterator.__anext__()
        except StopAsyncIteration:
            return _EXHAUSTED
    try:
        return next(iterator)
    except StopIteration:
        return _EXHAUSTED


# Runs the `finally` blocks of the generator.
async def _close(iterator):
    if hasattr(iterator, "aclose"):
        await iterator.aclose()
    elif hasattr(iterator, "close"):
        iterator.close()


# jobs.md W-10
def _describe(error, instance):
    return json.dumps(
        {
            "error_type": str(type(error)),
            "error_message": _message(error),
            "error_traceback": _traceback(error),
            "hostname": os.environ.get("RUNPOD_POD_HOSTNAME", "unknown"),
            "worker_id": os.environ.get("RUNPOD_POD_ID", instance),
            "runpod_version": VERSION,
        }
    )


def _message(error):
    try:
        return str(error)
    except Exception:
        return "the exception cannot be described"


# Without the frames of this file, which come first.
def _traceback(error):
    frames = error.__traceback__
    while frames is not None and frames.tb_frame.f_code.co_filename == __file__:
        frames = frames.tb_next
    try:
        return "".join(traceback.format_exception(type(error), error, frames))
    except Exception:
        return "the traceback cannot be written"


_EXHAUSTED = object()

# A message must not fill a frame.
_LONGEST_ERROR = 1_000_000

_log = RunPodLogger()
