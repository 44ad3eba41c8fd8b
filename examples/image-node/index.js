const { marked } = require('marked')

// POST Markdown, get HTML.
exports.handler = async (event) => {
  const markdown = event.isBase64Encoded ? Buffer.from(event.body, 'base64').toString() : event.body
  return {
    statusCode: 200,
    headers: { 'Content-Type': 'text/html; charset=utf-8' },
    body: marked.parse(markdown || '# Send me some *Markdown*'),
  }
}
