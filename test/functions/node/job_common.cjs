const { start } = require('fnbox/serverless')

// Late, but before there is nothing left to do.
setTimeout(() => start({ handler: () => ({ main: require.main === module, file: __filename, argv: process.argv }) }), 20)
