// Returns the id of its caller, after as long as the caller wants.
exports.handler = async ({ id, ms }) => {
  await new Promise((resolve) => setTimeout(resolve, ms))
  return { id }
}
