// Writes much to its output right before it returns.
exports.handler = async (lines) => {
  for (let line = 0; line < lines; line++) console.log('x'.repeat(1000))
  console.error('end of errors')
  process.stdout.write('end of output\n')
  return 'printed'
}
