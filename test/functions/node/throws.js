// Throws an error of its own class.
class Mishap extends Error {
  name = 'Mishap'
}

exports.handler = () => {
  throw new Mishap('it went wrong: ä')
}
