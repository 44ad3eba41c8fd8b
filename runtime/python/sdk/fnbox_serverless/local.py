"""One job without fnbox (jobs.md §11): `python handler.py --test_input …`."""

import asyncio
import json
import os
import sys

from .modules.rp_logger import RunPodLogger


def run_local_test(program, flags):
    """Runs the test job, prints chunks and result. Always raises SystemExit, with the codes of CLI-1."""
    document = _read_document(flags)
    job_id = document["id"]
    outcome = asyncio.run(_run(program, document))
    if outcome.error is not None:
        _log.error(f"Job {job_id} failed with error: {outcome.error}", job_id)
        sys.exit(1)
    result = {} if outcome.output is None else {"output": json.loads(outcome.output)}
    _log.info(f"Job {job_id} completed successfully.")
    _log.info(f"Job result: {json.dumps(result, ensure_ascii=False)}")
    sys.exit(0 if _is_expected(result, flags) else 1)


async def _run(program, document):
    chunks = []

    async def print_chunk(text):
        print(text.decode(), flush=True)
        chunks.append(text)

    outcome = await program.run(document, print_chunk)
    if outcome.streamed and outcome.error is None:
        outcome.output = b"[" + b",".join(chunks) + b"]"
    return outcome


def _read_document(flags):
    text = flags["test_input"]
    if text is None:
        if not os.path.exists(_FILE):
            _fail(f"{_FILE} not found, and no --test_input given; nothing to run.")
        with open(_FILE, encoding="utf-8") as file:
            text = file.read()
    document = _parse(text, "The test input")
    if not isinstance(document, dict):
        _fail("The test input is not a JSON object.")
    given = document.get("input", document.get("input_data"))
    if given is None:
        _fail("The test input has no input parameter.")
    return {**document, "id": document.get("id", "local_test"), "input": given}


def _is_expected(result, flags):
    if flags["test_output"] is None:
        return True
    expected = _parse(flags["test_output"], "The test output")
    if expected == result or ("output" in result and expected == result["output"]):
        return True
    _log.error(f"The result is not the expected one: {json.dumps(expected, ensure_ascii=False)}")
    return False


def _parse(text, what):
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        _fail(f"{what} is not valid JSON: {error}")


def _fail(message):
    _log.error(message)
    sys.exit(1)


_FILE = "test_input.json"

_log = RunPodLogger()
