// The summary of several rounds. Pure.

/** Several measurements of one thing. */
export interface Summary {
  readonly median: number
  readonly least: number
  readonly most: number
}

/** @param values at least one */
export function summarize(values: readonly number[]): Summary {
  return { median: quantile(values, 0.5), least: Math.min(...values), most: Math.max(...values) }
}

/** The value below which a share of all lies, between two neighbours if need be; NaN without values. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((one, other) => one - other)
  const at = share * (sorted.length - 1)
  const below = sorted[Math.floor(at)] ?? Number.NaN
  const above = sorted[Math.ceil(at)] ?? Number.NaN
  return below + (above - below) * (at % 1)
}
