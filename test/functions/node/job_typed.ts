import { start, type Handler } from 'fnbox/serverless'

const handler: Handler<{ readonly name: string }> = ({ input }): string => `hello ${input.name}`

await start({ handler })
