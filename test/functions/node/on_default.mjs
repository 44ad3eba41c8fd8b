// The handler is a property of the default export and needs its `this`.
class Greeter {
  greeting = 'hello'
  handler() {
    return this.greeting
  }
}

export default new Greeter()
