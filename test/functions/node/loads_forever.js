// Never comes to its export: loading blocks.
Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
