// TypeScript by Node's own type stripping.
export const handler = async (event: { name: string }): Promise<string> => `hello ${event.name}`
