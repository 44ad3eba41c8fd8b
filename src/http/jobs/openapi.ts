// placeholder
export const description = {}
