import { zipPieces } from '../writeZip.js';
import { type Cell, type CellStyle, columnName, rangeName } from './cells.js';
import type { Sheet } from './sheet.js';

/** The order of styles in the file. */
const STYLES: readonly CellStyle[] = ['plain', 'number', 'fine', 'title', 'label', 'result'];

const MAIN = 'http://schemas.openxmlformats.org/spreadsheetml/2006/main';
const RELATIONS = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships';
const PACKAGE = 'http://schemas.openxmlformats.org/package/2006';
const TYPES = 'application/vnd.openxmlformats-officedocument.spreadsheetml';
const HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n';

/**
 * Sheets as an Excel workbook (Office Open XML, ECMA-376), in pieces to be written one after the other. Formulas are live:
 * programs compute them anew when they open the file; the values beside them are for those that do not compute.
 */
export function xlsxPieces(sheets: readonly Sheet[]): Uint8Array[] {
  const file = (text: string) => [new TextEncoder().encode(HEAD + text)];
  const files = new Map<string, Uint8Array[]>([
    ['[Content_Types].xml', file(contentTypes(sheets))],
    [
      '_rels/.rels',
      file(
        `<Relationships xmlns="${PACKAGE}/relationships"><Relationship Id="rId1" Type="${RELATIONS}/officeDocument" Target="xl/workbook.xml"/></Relationships>`,
      ),
    ],
    ['xl/workbook.xml', file(workbook(sheets))],
    ['xl/_rels/workbook.xml.rels', file(relations(sheets))],
    ['xl/styles.xml', file(styles())],
  ]);
  for (const [i, sheet] of sheets.entries()) files.set(`xl/worksheets/sheet${i + 1}.xml`, file(sheetXml(sheet)));
  return zipPieces(files);
}

function contentTypes(sheets: readonly Sheet[]): string {
  const parts = sheets.map(
    (_, i) => `<Override PartName="/xl/worksheets/sheet${i + 1}.xml" ContentType="${TYPES}.worksheet+xml"/>`,
  );
  return `<Types xmlns="${PACKAGE}/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override PartName="/xl/workbook.xml" ContentType="${TYPES}.sheet.main+xml"/><Override PartName="/xl/styles.xml" ContentType="${TYPES}.styles+xml"/>${parts.join('')}</Types>`;
}

function workbook(sheets: readonly Sheet[]): string {
  const list = sheets.map(({ name }, i) => `<sheet name="${escapeXml(name)}" sheetId="${i + 1}" r:id="rId${i + 1}"/>`);
  return `<workbook xmlns="${MAIN}" xmlns:r="${RELATIONS}"><sheets>${list.join('')}</sheets><calcPr calcId="191029" fullCalcOnLoad="1"/></workbook>`;
}

function relations(sheets: readonly Sheet[]): string {
  const list = sheets.map(
    (_, i) => `<Relationship Id="rId${i + 1}" Type="${RELATIONS}/worksheet" Target="worksheets/sheet${i + 1}.xml"/>`,
  );
  return `<Relationships xmlns="${PACKAGE}/relationships">${list.join('')}<Relationship Id="rId${sheets.length + 1}" Type="${RELATIONS}/styles" Target="styles.xml"/></Relationships>`;
}

function styles(): string {
  const font = (inner: string) => `<font>${inner}<sz val="11"/><name val="Calibri"/></font>`;
  const fill = (inner: string) => `<fill>${inner}</fill>`;
  const format = (number: number, fontId: number, fillId = 0) =>
    `<xf numFmtId="${number}" fontId="${fontId}" fillId="${fillId}" borderId="0" xfId="0" applyNumberFormat="1" applyFont="1" applyFill="1"/>`;
  // 2 is 0.00, 164 the one below; in the order of STYLES.
  const formats = [format(0, 0), format(2, 0), format(164, 0), format(0, 1), format(0, 2), format(164, 1, 2)];
  return `<styleSheet xmlns="${MAIN}"><numFmts count="1"><numFmt numFmtId="164" formatCode="0.0000000000"/></numFmts><fonts count="3">${font('')}${font('<b/>')}${font('<i/>')}</fonts><fills count="3">${fill('<patternFill patternType="none"/>')}${fill('<patternFill patternType="gray125"/>')}${fill('<patternFill patternType="solid"><fgColor rgb="FFFFF2CC"/></patternFill>')}</fills><borders count="1"><border/></borders><cellStyleXfs count="1"><xf/></cellStyleXfs><cellXfs count="${formats.length}">${formats.join('')}</cellXfs></styleSheet>`;
}

function sheetXml(sheet: Sheet): string {
  const numbers = [...sheet.rows.keys()].sort((a, b) => a - b);
  const rows = numbers.map((row) => {
    const cells = [...(sheet.rows.get(row) ?? [])].sort(([a], [b]) => a - b);
    return `<row r="${row}">${cells.map(([column, cell]) => cellXml(row, column, cell)).join('')}</row>`;
  });
  const widths = [...sheet.columnWidths].sort(([a], [b]) => a - b);
  const columns = widths.map(
    ([column, width]) => `<col min="${column}" max="${column}" width="${width}" customWidth="1"/>`,
  );
  const colors = sheet.colorScales.map(
    (scale, i) =>
      `<conditionalFormatting sqref="${rangeName(scale)}"><cfRule type="colorScale" priority="${i + 1}"><colorScale><cfvo type="num" val="${-scale.limit}"/><cfvo type="num" val="0"/><cfvo type="num" val="${scale.limit}"/><color rgb="FFF0944D"/><color rgb="FFFFFFFF"/><color rgb="FF5AB0E8"/></colorScale></cfRule></conditionalFormatting>`,
  );
  return `<worksheet xmlns="${MAIN}"><sheetFormatPr defaultColWidth="${sheet.columnWidth}" defaultRowHeight="15"/>${
    columns.length > 0 ? `<cols>${columns.join('')}</cols>` : ''
  }<sheetData>${rows.join('')}</sheetData>${colors.join('')}</worksheet>`;
}

function cellXml(row: number, column: number, { value, formula, style = 'plain' }: Cell): string {
  const start = `<c r="${columnName(column)}${row}" s="${STYLES.indexOf(style)}"`;
  const calculated = formula === undefined ? '' : `<f>${escapeXml(formula)}</f>`;
  if (typeof value === 'string') {
    if (formula !== undefined) return `${start} t="str">${calculated}<v>${escapeXml(value)}</v></c>`;
    return `${start} t="inlineStr"><is><t xml:space="preserve">${escapeXml(value)}</t></is></c>`;
  }
  // What is no number has a name of its own among errors.
  if (!Number.isFinite(value)) return `${start} t="e">${calculated}<v>#NUM!</v></c>`;
  return `${start}>${calculated}<v>${value}</v></c>`;
}

/** Escapes what means something in XML, and leaves out what must not stand there. */
function escapeXml(text: string): string {
  return text
    .replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, '')
    .replace(/[&<>"]/g, (sign) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;' })[sign] ?? '&quot;');
}
