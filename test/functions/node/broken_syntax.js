exports.handler = async () => {
  return {{
}
