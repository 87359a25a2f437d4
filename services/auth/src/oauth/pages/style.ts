import { createHash } from 'node:crypto';
import { Html } from './html.ts';

/** One sheet for all pages, small enough to travel with each; the policy allows exactly these bytes. */
const CSS = `
:root{color-scheme:light dark;--page:#f3f4f6;--card:#fff;--text:#14171f;--soft:#4b5263;--line:#8a91a0;--rule:#dfe2e8;--accent:#1d4fd7;--on-accent:#fff;--accent-strong:#163ea9;--bad:#a8201a;--bad-page:#fdf0ef;--bad-rule:#e9b4b1;--focus:#1d4fd7}
@media (prefers-color-scheme:dark){:root{--page:#0f1218;--card:#191d26;--text:#eceef3;--soft:#a9b0bf;--line:#737c8e;--rule:#2e3441;--accent:#8fb0ff;--on-accent:#0c1530;--accent-strong:#b3c9ff;--bad:#ffb1ab;--bad-page:#2c1716;--bad-rule:#6b2f2b;--focus:#8fb0ff}}
*{box-sizing:border-box}
html{font:100%/1.55 system-ui,-apple-system,"Segoe UI","Hiragino Sans","Noto Sans JP","Noto Sans CJK JP",sans-serif;-webkit-text-size-adjust:100%}
body{margin:0;min-height:100vh;min-height:100dvh;display:flex;flex-direction:column;align-items:center;justify-content:center;gap:1.25rem;padding:1.5rem 1rem;background:var(--page);color:var(--text)}
main{width:100%;max-width:25rem;background:var(--card);border:1px solid var(--rule);border-radius:.875rem;padding:2rem 1.75rem;box-shadow:0 1px 2px rgb(0 0 0/.05),0 8px 28px rgb(0 0 0/.06)}
h1{margin:0 0 .375rem;font-size:1.375rem;line-height:1.3;letter-spacing:-.01em;overflow-wrap:anywhere}
p{margin:0 0 1rem}
.lead{color:var(--soft);overflow-wrap:anywhere}
.brand{display:flex;align-items:center;gap:.5rem;margin:0 0 1.5rem;color:var(--soft);font-size:.875rem;font-weight:600}
.brand svg{width:1.5rem;height:1.5rem;flex:none;color:var(--accent)}
label{display:block;margin:0 0 .375rem;font-weight:600;font-size:.9375rem}
.field{margin:0 0 1.125rem}
input[type=email],input[type=password],input[type=text]{display:block;width:100%;min-height:2.875rem;padding:.5rem .75rem;font:inherit;color:inherit;background:var(--card);border:1px solid var(--line);border-radius:.5rem}
input.code{font-family:ui-monospace,SFMono-Regular,Menlo,monospace;font-size:1.25rem;letter-spacing:.12em;text-transform:uppercase}
input[aria-invalid=true]{border-color:var(--bad)}
button{display:block;width:100%;min-height:2.875rem;padding:.5rem 1rem;font:inherit;font-weight:600;border-radius:.5rem;border:1px solid var(--accent);background:var(--accent);color:var(--on-accent);cursor:pointer}
button:hover{background:var(--accent-strong);border-color:var(--accent-strong)}
button.quiet{background:transparent;color:var(--text);border-color:var(--line)}
button.quiet:hover{background:var(--page)}
.actions{display:grid;gap:.625rem;margin-top:1.5rem}
:focus-visible{outline:3px solid var(--focus);outline-offset:2px}
.alert{margin:0 0 1.25rem;padding:.75rem .875rem;border:1px solid var(--bad-rule);border-radius:.5rem;background:var(--bad-page);color:var(--bad);font-size:.9375rem}
.alert:focus{outline:none}
ul.asks{margin:0 0 1rem;padding:0;list-style:none;border:1px solid var(--rule);border-radius:.5rem}
ul.asks li{padding:.625rem .875rem;overflow-wrap:anywhere}
ul.asks li+li{border-top:1px solid var(--rule)}
ul.asks small,.small{display:block;color:var(--soft);font-size:.875rem;overflow-wrap:anywhere}
.user-code{margin:0 0 1rem;padding:.875rem;text-align:center;font:600 1.625rem/1.2 ui-monospace,SFMono-Regular,Menlo,monospace;letter-spacing:.12em;border:1px solid var(--rule);border-radius:.5rem}
footer{font-size:.875rem;color:var(--soft);display:flex;gap:1rem;flex-wrap:wrap;justify-content:center}
footer a{color:inherit;padding:.25rem}
footer [aria-current]{padding:.25rem;font-weight:600;color:var(--text)}
@media (max-width:26rem){body{justify-content:flex-start;padding:0;gap:0;background:var(--card)}main{border:0;box-shadow:none;border-radius:0;padding:1.75rem 1.25rem}footer{padding:.5rem 1rem 1.5rem}}
@media (prefers-contrast:more){:root{--soft:var(--text);--line:var(--text);--rule:var(--text)}}
@media (forced-colors:active){button{border-color:ButtonText}}
`;

/** Made here and nowhere else without escaping: the sheet is a constant. */
export const STYLE = new Html(`<style>${CSS}</style>`);

/** CSP source of exactly this sheet. */
export const STYLE_SOURCE = `'sha256-${createHash('sha256').update(CSS).digest('base64')}'`;
