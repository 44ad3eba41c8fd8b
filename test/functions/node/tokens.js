// Tokens as a function gets them: given with the context, and asked for at the metadata service.
exports.given = async (event, context) => ({ now: Date.now(), token: context.token ?? null })

exports.asked = async ({ path = tokenPath, headers = {} }) => {
  const response = await fetch(`http://${process.env.YC_METADATA_ADDR}${path}`, { headers })
  return { status: response.status, flavor: response.headers.get('metadata-flavor'), body: await response.text() }
}

exports.told = async () => process.env.YC_METADATA_ADDR ?? null

const tokenPath = '/computeMetadata/v1/instance/service-accounts/default/token'
