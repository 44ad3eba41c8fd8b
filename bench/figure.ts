// The figures of a row, and their lines in the table. Pure.

import { summarize } from './statistics.ts'

/** One thing that was measured of several: the first is compared with each of the others. */
export interface Figure {
  /** with its unit */
  readonly name: string
  readonly measured: readonly Measured[]
  readonly aims?: readonly Aim[]
}

/** What was measured of one of them, in several rounds; or why nothing was. */
export type Measured = { readonly of: string } & (
  { readonly values: readonly number[] } | { readonly missing: string }
)

/** A value or a ratio to reach. */
export interface Aim {
  readonly sign: '≤' | '≥'
  readonly target: number
  /** name of the peer whose value the target multiplies; absent: the target is in the figure's own unit */
  readonly times?: string
}

/** One line of the table, cell by cell. */
export type Line = readonly [
  row: string,
  figure: string,
  of: string,
  value: string,
  ratio: string,
  aim: string,
  met: string,
]

/** The lines of one figure; row and figure are named in the first. */
export function toLines(row: string, { name, measured, aims = [] }: Figure): readonly Line[] {
  const [first] = measured
  return measured.map((each, at) => {
    const aim = aims.find(({ times }) => (at === 0 ? times === undefined : times === each.of))
    const ratio = at === 0 ? undefined : ratioOf(first, each)
    const reached = aim?.times === undefined ? medianOf(each) : ratio
    return [
      at === 0 ? row : '',
      at === 0 ? name : '',
      each.of,
      toValue(each),
      ratio === undefined ? '' : ratio.toFixed(2),
      aim === undefined ? '' : `${aim.sign} ${aim.target}${aim.times === undefined ? '' : ' ×'}`,
      aim === undefined ? '' : toMet(aim, reached),
    ]
  })
}

/** The lines as a table of Markdown whose columns stand below each other. */
export function toTable(lines: readonly Line[]): string {
  const all = [heads, ...lines]
  const widths = heads.map((_, column) => Math.max(...all.map((line) => (line[column] ?? '').length)))
  const toRow = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`
  const rule = `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`
  return [toRow(heads), rule, ...lines.map(toRow)].join('\n')
}

function medianOf(measured: Measured | undefined): number | undefined {
  return measured !== undefined && 'values' in measured && measured.values.length > 0
    ? summarize(measured.values).median
    : undefined
}

function ratioOf(first: Measured | undefined, other: Measured): number | undefined {
  const [one, two] = [medianOf(first), medianOf(other)]
  return one === undefined || two === undefined ? undefined : one / two
}

function toValue(measured: Measured): string {
  if ('missing' in measured) return measured.missing
  const { median, least, most } = summarize(measured.values)
  return `${toShort(median)} (${toShort(least)} … ${toShort(most)})`
}

function toMet({ sign, target }: Aim, reached: number | undefined): string {
  if (reached === undefined) return 'not measured'
  return (sign === '≤' ? reached <= target : reached >= target) ? 'yes' : 'no'
}

// Three significant digits, but no fewer than those before the point.
function toShort(value: number): string {
  const magnitude = Math.floor(Math.log10(Math.abs(value) || 1))
  return value.toFixed(Math.min(3, Math.max(0, 2 - magnitude)))
}

const heads: Line = ['Row', 'Figure', 'Of', 'Median (least … most)', 'Ratio', 'Aim', 'Met']
