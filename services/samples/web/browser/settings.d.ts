/** Served by src/pages.ts. */
export declare const settings: { readonly issuer: string; readonly clientId: string };
