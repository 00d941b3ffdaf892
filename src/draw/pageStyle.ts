/** The look of every page: light and dark as the system is set, on a phone, and on paper. */
export const pageStyle = `
:root{color-scheme:light dark;--surface:#fff;--band:#f5f5f5;--ink:#1c1c1c;--muted:#5c5c5c;--grid:#dcdcdc;--link:#005a9c;
--positive:#0072b2;--negative:#c45500;--on-color:#fff;
--series-1:#0072b2;--series-2:#c45500;--series-3:#8a4f9e;--series-4:#946800;--series-5:#2b86b8;--series-6:#555}
@media (prefers-color-scheme:dark){:root{--surface:#151515;--band:#1f1f1f;--ink:#ececec;--muted:#a8a8a8;--grid:#3a3a3a;--link:#7cc0ff;
--positive:#5ab0e8;--negative:#f0944d;--on-color:#111;
--series-1:#5ab0e8;--series-2:#f0944d;--series-3:#cf9be0;--series-4:#e0b040;--series-5:#86cdf5;--series-6:#b5b5b5}}
*{box-sizing:border-box}
body{margin:0;background:var(--surface);color:var(--ink);font:16px/1.5 system-ui,-apple-system,"Segoe UI",sans-serif;
font-variant-numeric:tabular-nums;overflow-wrap:break-word}
main,header,footer{max-width:1080px;margin:0 auto;padding:0 20px}
header{padding-top:28px}h1{font-size:1.7rem;line-height:1.2;margin:0 0 8px}h2{font-size:1.25rem;margin:40px 0 8px;line-height:1.3}
h3{font-size:1.05rem;margin:24px 0 4px}
p,ul,ol,dl{max-width:46rem}p{margin:8px 0}a{color:var(--link)}code,pre{font-family:ui-monospace,Consolas,monospace;font-size:.92em}
pre{overflow-x:auto;background:var(--band);padding:12px;border-radius:5px}
nav ul{display:flex;flex-wrap:wrap;gap:4px 16px;list-style:none;padding:0;margin:12px 0;max-width:none}nav a{display:inline-block;padding:4px 0}
.lead{font-size:1.1rem}.muted,footer{color:var(--muted)}footer{padding-top:32px;padding-bottom:32px;font-size:.85rem}
.note{border-left:4px solid var(--negative);padding:4px 12px;background:var(--band)}
figure{margin:12px 0;padding:12px;background:var(--band);border-radius:5px;max-width:100%;break-inside:avoid}
figure img,svg.chart{display:block;max-width:100%;height:auto}.pixelated{image-rendering:pixelated}
figcaption{font-size:.9rem;margin-top:8px;max-width:46rem}.legend{margin-top:8px}
.row{display:flex;flex-wrap:wrap;gap:12px;align-items:flex-start;margin:12px 0}.row>figure{margin:0;flex:0 1 auto;width:max(12rem,var(--width,30rem) + 24px)}
.tiles{gap:14px}.tiles>figure{width:calc(var(--width,11rem) + 16px);padding:8px}.tiles figcaption{line-height:1.35}
.scroll{overflow-x:auto;margin:12px 0}table{border-collapse:collapse;font-size:.92rem}
caption{text-align:left;color:var(--muted);padding-bottom:4px}
th,td{padding:4px 12px 4px 0;text-align:left;border-bottom:1px solid var(--grid);vertical-align:top}
thead th{color:var(--muted);font-weight:600}tbody th{font-weight:400}.number{text-align:right;padding-left:12px;white-space:nowrap}
details{margin:8px 0}summary{cursor:pointer;min-height:24px}
:focus-visible{outline:3px solid var(--link);outline-offset:2px}
@media (max-width:600px){main,header,footer{padding-left:12px;padding-right:12px}h1{font-size:1.4rem}figure{padding:8px}
.scroll>svg.chart:not(.small){min-width:500px;max-width:none}.row>figure{flex:1 1 100%;width:100%}
.tiles{gap:12px}.tiles>figure{flex:0 0 calc(50% - 6px)}.tiles img{width:100%}}
@media print{:root{--surface:#fff;--band:#fff;--ink:#000;--muted:#444;--grid:#bbb;--positive:#0072b2;--negative:#c45500;--on-color:#fff;
--series-1:#0072b2;--series-2:#c45500;--series-3:#8a4f9e;--series-4:#946800;--series-5:#2b86b8;--series-6:#555}
body{font-size:11pt}nav{display:none}h2,h3{break-after:avoid}figure{border:1px solid #bbb}img,svg,tr{break-inside:avoid;print-color-adjust:exact}
a{color:inherit;text-decoration:none}}
`.replace(/\n/g, '');
