// Tells which descriptors beyond the standard three a program of the function inherits.
const { spawnSync } = require('node:child_process')

exports.handler = () => {
  const script = 'for n in 3 4 5; do if (: <&$n) 2> /dev/null; then echo $n; fi; done'
  return spawnSync('sh', ['-c', script], { encoding: 'utf8' }).stdout
}
