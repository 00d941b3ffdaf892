/** Rows of equal keys as text in columns, the keys on top; numbers stand to the right. */
export function formatTable(rows) {
  if (rows.length === 0) return '  nothing to compare';
  const names = Object.keys(rows[0]);
  const cells = [names, ...rows.map((row) => names.map((name) => String(row[name] ?? '')))];
  const widths = names.map((_, column) => Math.max(...cells.map((row) => row[column].length)));
  const isNumber = names.map((name) => rows.every((row) => row[name] === undefined || typeof row[name] === 'number'));
  const line = (row) =>
    row.map((cell, i) => (isNumber[i] ? cell.padStart(widths[i]) : cell.padEnd(widths[i]))).join('  ');
  const [head, ...body] = cells.map((row) => `  ${line(row)}`.trimEnd());
  return [head, `  ${widths.map((width) => '-'.repeat(width)).join('  ')}`, ...body].join('\n');
}
