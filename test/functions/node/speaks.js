// Writes so many lines with its caller's id to each of both streams: through the console, straight to the descriptors, or
// by a program that it starts.
const { spawnSync } = require('node:child_process')
const fs = require('node:fs')

const ways = {
  console: (id) => {
    console.log(`${id} console`)
    console.error(`${id} console`)
  },
  descriptor: (id) => {
    fs.writeSync(1, `${id} descriptor\n`)
    fs.writeSync(2, `${id} descriptor\n`)
  },
  program: (id) => {
    spawnSync('sh', ['-c', `echo ${id} program; echo ${id} program >&2`], { stdio: 'inherit' })
  },
}

exports.handler = ({ id, count, way }) => {
  for (let time = 0; time < count; time++) ways[way](id)
  return id
}
