import type { GrafanaPanel } from './panel-data.ts';

const STYLE = `
  body { margin: 0; padding: 12px; width: 1400px; background: #111217; color: #ccccdc; font: 12px sans-serif }
  h1 { font-size: 18px; margin: 0 0 10px } h2 { font-size: 14px; margin: 10px 0 0 } h3 { font-size: 12px; margin: 0 0 6px; color: #fff }
  main { display: grid; grid-template-columns: repeat(24, 1fr); grid-auto-rows: 30px; gap: 6px }
  section { background: #181b1f; border: 1px solid #2a2d33; border-radius: 3px; padding: 8px; overflow: hidden; position: relative; display: flex; flex-direction: column }
  svg { flex: 1; min-height: 0; margin-left: 52px } polyline { fill: none; stroke-width: 1.5; vector-effect: non-scaling-stroke }
  .axis { position: absolute; left: 8px; top: 30px; bottom: 50px; display: flex; flex-direction: column; justify-content: space-between; color: #8e8e98 }
  ul { list-style: none; margin: 4px 0 0; padding: 0; max-height: 46px; overflow: hidden } li { display: inline-block; margin-right: 10px }
  li::before { content: ''; display: inline-block; width: 12px; height: 3px; margin-right: 4px; vertical-align: middle; background: var(--c) }
  .stats { display: flex; flex: 1; align-items: center; justify-content: space-around; text-align: center } b { font-size: 22px }
  i { display: block; font: 11px sans-serif; color: #8e8e98 } table { width: 100% } td { padding: 2px 4px; white-space: nowrap }
  td:nth-child(2) { width: 60% } s { display: block; height: 12px; background: #5794f2 }
`;

/** A dashboard as Grafana would lay it out. @param insides of the panels, as HTML */
export function page(title: string, panels: readonly GrafanaPanel[], insides: readonly string[]): string {
  const sections = panels.map(({ type, title: name, gridPos: { x, y, w, h } }, index) => {
    const place = `style="grid-area: ${y + 1} / ${x + 1} / span ${h} / span ${w}"`;
    return type === 'row'
      ? `<h2 ${place}>${name}</h2>`
      : `<section ${place}><h3>${name}</h3>${insides[index]}</section>`;
  });
  return `<!doctype html><meta charset="utf-8"><style>${STYLE}</style><h1>${title}</h1><main>${sections.join('')}</main>`;
}
