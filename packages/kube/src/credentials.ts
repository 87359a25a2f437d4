/** What one HTTP call needs beside its content. Holds secrets: never log it. */
export interface Credentials {
  readonly headers: Readonly<Record<string, string>>;
  readonly tls: TlsMaterial;
}

export interface TlsMaterial {
  readonly ca?: Material;
  readonly cert?: Material;
  readonly key?: Material;
  readonly servername?: string;
  readonly rejectUnauthorized?: boolean;
}

export type Material = string | Buffer;

export interface CredentialSource {
  /** Origin of the API server. */
  readonly server: URL;
  /** Reads files and runs plugins anew; callers cache the answer. Throws `KubeError` `config`. */
  read(): Promise<Credentials>;
}
