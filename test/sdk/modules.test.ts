// The modules that programs import (jobs.md §10.7, §12), outside of fnbox.

import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { evaluate, python } from './python.ts'

let folder: string
beforeAll(async () => (folder = await mkdtemp(join(tmpdir(), 'fnbox-test-'))))
afterAll(() => rm(folder, { recursive: true }))

describe('runpod.serverless', () => {
  test('__all__ is exactly what is promised', async () => {
    expect(await evaluate('import runpod.serverless as s\nresult = s.__all__')).toEqual([
      'start',
      'progress_update',
      'register_fitness_check',
      'runpod_version',
      'VolumeCache',
    ])
    expect(await evaluate('from runpod.serverless import *\nresult = runpod_version')).toBe('1.12.0')
  })

  test('is imported without what only some programs need', async () => {
    const heavy = '["http.client", "zipfile", "boto3"]'
    const code = `import sys, runpod\nresult = [each for each in ${heavy} if each in sys.modules]`
    expect(await evaluate(code)).toEqual([])
  })

  test.each([
    'from runpod.serverless.utils.rp_validator import validate',
    'from runpod.serverless.utils.rp_cleanup import clean',
    'from runpod.serverless.utils import rp_cleanup, rp_download, rp_upload, rp_debugger, rp_validator',
    'from runpod.serverless.utils import rp_cuda, rp_model_cache, rp_ssrf, rp_volume_cache',
    'from runpod.serverless.modules.rp_progress import progress_update',
    'from runpod.serverless.utils.rp_download import download_files_from_urls, file, SSRFError',
    'from runpod.serverless.utils.rp_upload import upload_image, files, bucket_upload',
    'from runpod.serverless.utils.rp_upload import upload_file_to_bucket, upload_in_memory_object',
    'from runpod.serverless.utils.rp_debugger import Checkpoints, LineTimer, FunctionTimer',
    'from runpod.serverless.utils import download_files_from_urls, upload_file_to_bucket',
    'from runpod.serverless.utils import upload_in_memory_object, VolumeCache',
    'from runpod.serverless.modules.rp_logger import RunPodLogger',
    'from runpod.serverless.modules.rp_handler import is_generator',
    'from runpod.serverless.modules.rp_job import run_job, run_job_generator',
    'from runpod import RunPodLogger, Endpoint, AsyncioEndpoint, AsyncioJob, http_client',
    'import runpod; runpod.serverless.utils.rp_cleanup.clean; runpod.serverless.modules.rp_logger',
    'import runpod.serverless.modules.rp_http as http; http.send_result = print',
    'import runpod.http_client; runpod.http_client.ClientSession',
    'import snowcell.serverless.utils.rp_validator; from snowcell_sdk.serverless.utils import rp_upload',
  ])('%s', async (code) => {
    expect(await evaluate(`${code}\nresult = None`)).toBeNull()
  })

  test('a module that is not there is missed under its own name', async () => {
    const { stderr } = await python(['-c', 'import runpod.serverless.utils.rp_nothing'])
    expect(stderr).toContain("ModuleNotFoundError: No module named 'runpod.serverless.utils.rp_nothing'")
  })

  test('modules are the same objects under all their names', async () => {
    const code = `
import runpod.serverless.utils.rp_debugger as a, snowcell.serverless.utils.rp_debugger as b
import runpod, snowcell
result = [a is b, runpod.RunPodLogger() is snowcell.RunPodLogger(), a.__spec__.name == a.__name__]`
    expect(await evaluate(code)).toEqual([true, true, true])
  })
})

describe('runpod', () => {
  test.each(['Endpoint("x")', 'AsyncioEndpoint("x", None)', 'AsyncioJob()', 'http_client.ClientSession()'])(
    '%s raises RuntimeError that asks for the real package',
    async (call) => {
      const { stderr } = await python(['-c', `import runpod, runpod.http_client; runpod.${call}`])
      expect(stderr).toMatch(/RuntimeError: \w+ is not part of the modules .* the real package/)
    },
  )

  test('any other attribute: AttributeError saying the same', async () => {
    const { stderr } = await python(['-c', 'import runpod; runpod.create_pod'])
    expect(stderr).toMatch(/AttributeError: runpod.create_pod is not part of .* the real package/)
    expect(await evaluate('import runpod\nresult = hasattr(runpod, "get_gpus")')).toBe(false)
  })

  test('api_key and endpoint_url_base can be read and assigned', async () => {
    const code = `
import runpod
runpod.api_key = "k"
result = [runpod.api_key, runpod.endpoint_url_base]`
    expect(await evaluate(code)).toEqual(['k', 'https://api.runpod.ai/v2'])
  })
})

describe('validate (W-17)', () => {
  const rule = '"type": int, "required": False, "default": 1'
  test.each<[string, string, string, unknown]>([
    ['a value that fits', '{"k": 2}', `{"k": {${rule}}}`, { validated_input: { k: 2 } }],
    ['a default', '{}', `{"k": {${rule}}}`, { validated_input: { k: 1 } }],
    ['an unexpected key', '{"z": 1}', '{}', { errors: ['Unexpected input. z is not a valid input option.'] }],
    ['a missing key', '{}', '{"k": {"type": int, "required": True}}', { errors: ['k is a required input.'] }],
    ['a rule without required', '{"k": 1}', '{"k": {"type": int}}', { errors: ['k is a required input.'] }],
    [
      'a rule without a default',
      '{}',
      '{"k": {"type": int, "required": False}}',
      { errors: ['Schema error, missing default value for k.'] },
    ],
    [
      'a rule without a type',
      '{"k": 1}',
      '{"k": {"required": True}}',
      { errors: ['Schema error, missing type for k.'] },
    ],
    [
      'a value of another type',
      '{"k": "1"}',
      '{"k": {"type": int, "required": True}}',
      { errors: ["k should be <class 'int'> type, not <class 'str'>."] },
    ],
    [
      'constraints',
      '{"k": 5}',
      '{"k": {"type": int, "required": True, "constraints": lambda k: k < 5}}',
      { errors: ['k does not meet the constraints.'] },
    ],
    [
      'constraints of an absent key, which see None',
      '{}',
      '{"k": {"type": int, "required": True, "constraints": lambda k: k is not None}}',
      { errors: ['k is a required input.', 'k does not meet the constraints.'] },
    ],
    [
      'a rule that is no dictionary',
      '{"k": 1}',
      '{"k": "text"}',
      { errors: ['Schema error, k is not a dictionary.'] },
    ],
    [
      'a rule as JSON text',
      '{}',
      `{"k": '{"type": "int", "required": false, "default": 3}'}`,
      { validated_input: { k: 3 } },
    ],
    [
      'an int where the type is float',
      '{"k": 2}',
      '{"k": {"type": float, "required": True, "constraints": lambda k: type(k) is float}}',
      { validated_input: { k: 2 } },
    ],
    [
      'a value of the type of the default, whose type is not checked',
      '{"k": "auto"}',
      '{"k": {"type": int, "required": False, "default": "none"}}',
      { validated_input: { k: 'auto' } },
    ],
    [
      'a value of the type of the default, whose constraints are not checked',
      '{"k": 5}',
      '{"k": {"type": int, "required": False, "default": 1, "constraints": lambda k: k < 5}}',
      { validated_input: { k: 5 } },
    ],
    [
      'None where a text is required',
      '{"k": None}',
      '{"k": {"type": str, "required": True}}',
      { errors: ["k should be <class 'str'> type, not <class 'NoneType'>."] },
    ],
    [
      'an absent key whose default is None, whose constraints are not checked',
      '{}',
      '{"k": {"type": str, "required": False, "default": None, "constraints": len}}',
      { validated_input: { k: null } },
    ],
    [
      'all errors in their order',
      '{"z": 1, "b": 1}',
      '{"a": {"type": int, "required": True}, "b": {"type": str, "required": True}, "c": "["}',
      {
        errors: [
          'Unexpected input. z is not a valid input option.',
          'Schema error, c is not a dictionary.',
          'a is a required input.',
          "b should be <class 'str'> type, not <class 'int'>.",
        ],
      },
    ],
  ])('%s', async (_, input, schema, expected) => {
    const code = `
from runpod.serverless.utils.rp_validator import validate
given = ${input}
result = validate(given, ${schema})
assert given == ${input}`
    expect(await evaluate(code)).toEqual(expected)
  })
})

describe('RunPodLogger (W-18)', () => {
  test('pads the level and puts the job in front', async () => {
    const code =
      'log.debug("a")\nlog.info("b", "j")\nlog.warn("c", request_id="j")\nlog.error("d", job_id="j")'
    expect(await lines(code)).toBe('DEBUG  | a\nINFO   | j | b\nWARN   | j | c\nERROR  | j | d\n')
  })

  test('levels: NOTSET TRACE DEBUG INFO WARN ERROR, DEBUG unless the environment says another', async () => {
    const all = 'log.trace("t")\nlog.debug("d")\nlog.info("i")\nlog.warn("w")\nlog.error("e")\nlog.tip("p")'
    const shown = async (env: Record<string, string>): Promise<string> =>
      (await lines(all, env)).replaceAll(/^\w+ *\| (.)\n/gm, '$1')
    expect(await shown({})).toBe('diwep')
    expect(await shown({ RUNPOD_LOG_LEVEL: 'trace' })).toBe('tdiwep')
    expect(await shown({ RUNPOD_LOG_LEVEL: 'WARN', RUNPOD_DEBUG_LEVEL: 'TRACE' })).toBe('wep')
    expect(await shown({ RUNPOD_DEBUG_LEVEL: 'ERROR' })).toBe('ep')
    expect(await shown({ RUNPOD_DEBUG_LEVEL: '3' })).toBe('iwep')
    expect(await shown({ RUNPOD_LOG_LEVEL: 'NOTSET' })).toBe('')
  })

  test('with RUNPOD_ENDPOINT_ID: JSON', async () => {
    const env = { RUNPOD_ENDPOINT_ID: 'e' }
    expect(JSON.parse(await lines('log.info("m", "j")', env))).toEqual({
      requestId: 'j',
      message: 'm',
      level: 'INFO',
    })
  })

  test('cuts the middle above 4096 characters', async () => {
    const line = await lines('log.info("a" * 2048 + "b" + "c" * 2048)')
    expect(line).toBe(`INFO   | ${'a'.repeat(2048)}\n...TRUNCATED 1 CHARACTERS...\n${'c'.repeat(2048)}\n`)
  })

  test('secret() shows the first and the last character; set_level takes names and numbers', async () => {
    expect(await lines('log.secret("key", "abcd")')).toBe('INFO   | key: a**d\n')
    expect(await lines('log.set_level("error")\nlog.warn("x")\nlog.set_level(3)\nlog.log("y")')).toBe(
      'INFO   | Log level set to INFO\nINFO   | y\n',
    )
    expect(await lines('log.set_level("loud")')).toBe('')
  })
})

describe('rp_cleanup', () => {
  test('removes what jobs leave and the folders given besides', async () => {
    const code = `
import os
from runpod.serverless.utils.rp_cleanup import clean
clean(["absent"])
for each in ("input_objects", "output_objects", "job_files", "mine", "kept"):
    os.makedirs(each + "/within")
open("output.zip", "w").close()
clean(["mine"])
result = os.listdir()`
    expect(await evaluate(code, { cwd: folder })).toEqual(['kept'])
  })
})

describe('rp_debugger', () => {
  test('Checkpoints, LineTimer and FunctionTimer write to one list', async () => {
    const code = `
from runpod.serverless.utils.rp_debugger import *
from runpod.serverless.utils import rp_debugger
Checkpoints().add("a"); Checkpoints().start("a"); Checkpoints().stop("a")
with LineTimer("b"): pass
@FunctionTimer
def c(x): return x
assert c(1) == 1
Checkpoints().add("unfinished")
found = rp_debugger.get_debugger_output()
result = [[each["name"] for each in found["timestamps"]], found["system_info"]["runpod"], Checkpoints().get_checkpoints()]
for wrong in (lambda: Checkpoints().start("x"), lambda: Checkpoints().stop("x")):
    try: wrong()
    except KeyError: continue
    raise AssertionError`
    expect(await evaluate(code)).toEqual([['a', 'b', 'c'], '1.12.0', []])
  })
})

describe('rp_cuda', () => {
  test.each([
    ['echo GPU 0: a name', true],
    ['echo No devices found', false],
    ['echo GPU 0: a name; exit 9', false],
    [undefined, false],
  ])('nvidia-smi %j: %s', async (script, available) => {
    const path = await mkdtemp(join(folder, 'path-'))
    if (script !== undefined)
      await writeFile(join(path, 'nvidia-smi'), `#!/bin/sh\n${script}\n`, { mode: 0o755 })
    const code = `import os\nos.environ["PATH"] = ${JSON.stringify(path)}
from runpod.serverless.utils.rp_cuda import is_available\nresult = is_available()`
    expect(await evaluate(code)).toBe(available)
  })
})

describe('rp_model_cache', () => {
  test('gives the folder of a cached model, None where there is none', async () => {
    const cache = await mkdtemp(join(folder, 'cache-'))
    const code = `
import os
from runpod.serverless.utils import rp_model_cache
rp_model_cache._CACHE = ${JSON.stringify(cache)}
find = rp_model_cache.resolve_model_cache_path_from_hugginface_repository
model = rp_model_cache._CACHE + "/models--org--name"
os.makedirs(model + "/snapshots/c0ffee"); os.makedirs(model + "/refs")
open(model + "/refs/main", "w").write("c0ffee\\n")
found = [find(each) for each in ("org/name", "org/name:main", "org/name:c0ffee", "org/name:other", "org/absent", ":main")]
result = [each and os.path.relpath(each, model) for each in found]
assert find("org/name", path_template=rp_model_cache._CACHE + "/models--org--name/refs/{revision}") is None`
    expect(await evaluate(code)).toEqual([
      'snapshots/c0ffee',
      'snapshots/c0ffee',
      'snapshots/c0ffee',
      null,
      null,
      null,
    ])
  })
})

describe('VolumeCache', () => {
  test('does nothing where there is no volume', async () => {
    const code = `
from runpod.serverless import VolumeCache
cache = VolumeCache(["models"], namespace="n", volume_path="nowhere")
with cache: pass
result = [cache.available, cache.hydrate(), cache.sync()]`
    expect(await evaluate(code, { cwd: folder })).toEqual([false, 0, null])
    expect(await readdir(folder)).not.toContain('nowhere')
  })

  test('takes folders to the volume and back', async () => {
    const code = `
import os, shutil
from runpod.serverless import VolumeCache
os.makedirs("models/deep"); os.makedirs("volume")
open("models/deep/a", "w").write("weights")
make = lambda: VolumeCache(["models"], namespace="n", volume_path="volume", best_effort=False)
make().sync(background=False)
shutil.rmtree("models")
with make() as cache:
    result = [cache.available, open("models/deep/a").read(), cache.hydrate()]
try: VolumeCache([], namespace="../x")
except ValueError: result.append("refused")`
    expect(await evaluate(code, { cwd: folder })).toEqual([true, 'weights', 0, 'refused'])
  })

  test('a file that was deleted before a sync stays deleted after a hydrate', async () => {
    const code = `
import os
from runpod.serverless import VolumeCache
os.makedirs("some"); os.makedirs("network")
cache = VolumeCache(["some"], namespace="n", volume_path="network", best_effort=False)
for name in "ab": open("some/" + name, "w").close()
cache.sync(background=False)
os.remove("some/a"); cache.sync(background=False)
os.remove("some/b"); cache.hydrate()
result = os.listdir("some")`
    expect(await evaluate(code, { cwd: folder })).toEqual(['b'])
  })
})

describe('rp_job (§10.3 to §10.5)', () => {
  test('run_job and run_job_generator keep to the rules', async () => {
    const code = `
import asyncio
from runpod.serverless.modules.rp_job import run_job, run_job_generator
from runpod.serverless.modules.rp_handler import is_generator
job = {"id": "j", "input": 1}
def stream(job):
    yield 1
    yield 2
def breaks(job):
    yield 1
    raise ValueError("m")
async def collect(handler): return [each async for each in run_job_generator(handler, job)]
one = lambda handler: asyncio.run(run_job(handler, job))
broken = asyncio.run(collect(breaks))
result = [
    one(lambda job: job["input"]), one(lambda job: {"error": "e", "x": 1}), one(lambda job: {"refresh_worker": True}),
    asyncio.run(collect(stream)), broken[0], broken[1]["error"][:11], is_generator(stream), is_generator(one),
]`
    expect(await evaluate(code)).toEqual([
      { output: 1 },
      { error: 'e', output: { x: 1 } },
      { stopPod: true },
      [{ output: 1 }, { output: 2 }],
      { output: 1 },
      'handler: m ',
      true,
      false,
    ])
  })
})

describe('rp_debugger after a job', () => {
  test('has nothing left of it, however it ended', async () => {
    const code = `
import asyncio
from runpod.serverless.modules.rp_job import run_job
from runpod.serverless.utils.rp_debugger import *
def raises(job):
    with LineTimer("a"): raise ValueError
def returns(job):
    with LineTimer("a"): return 1
jobs = [asyncio.run(run_job(each, {"id": "j", "input": 1})) for each in (raises, returns)]
result = [[sorted(each) for each in jobs], Checkpoints().checkpoints]`
    expect(await evaluate(code)).toEqual([[['error'], ['output']], []])
  })
})

describe('snowcell (§12)', () => {
  test('snowcell and snowcell_sdk are one module object, submodules too (SNO-1)', async () => {
    const code = `
import snowcell_sdk.serverless.utils.rp_validator, snowcell_sdk, snowcell, snowcell.serverless.utils.rp_validator, sys
result = [
    snowcell is snowcell_sdk, snowcell.serverless is snowcell_sdk.serverless,
    sys.modules["snowcell_sdk.serverless"] is snowcell.serverless,
    snowcell_sdk.serverless.utils.rp_validator is snowcell.serverless.utils.rp_validator,
]`
    expect(await evaluate(code)).toEqual([true, true, true, true])
  })

  test('after `import snowcell` alone the other name resolves (SNO-2)', async () => {
    expect(await evaluate('import snowcell\nresult = snowcell_sdk is snowcell')).toBe(true)
  })

  test("the program's own snowcell_sdk comes first (SNO-2)", async () => {
    const own = await mkdtemp(join(folder, 'own-'))
    await writeFile(join(own, 'snowcell_sdk.py'), 'own = True\n')
    expect(
      await evaluate('import snowcell\nimport snowcell_sdk\nresult = snowcell_sdk.own', { cwd: own }),
    ).toBe(true)
  })

  test('the job has input and input_data, the same object (SNO-4)', async () => {
    await writeFile(
      join(folder, 'handler.py'),
      `import snowcell
snowcell.serverless.start({"handler": lambda job: [job["input"] is job["input_data"], sorted(job)]})`,
    )
    const { stdout } = await python(['handler.py', '--test_input', '{"input_data":{"a":1}}'], { cwd: folder })
    expect(stdout).toContain('{"output": [true, ["id", "input", "input_data"]]}')
  })
})

async function lines(code: string, env: Record<string, string> = {}): Promise<string> {
  return (await python(['-c', `import runpod\nlog = runpod.RunPodLogger()\n${code}`], { env })).stdout
}
