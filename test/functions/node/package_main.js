// The module of a handler string without a dot: the package itself.
exports.handler = async () => 'from the package'
