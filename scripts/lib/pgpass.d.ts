/** The part of pgpass that is used here; the package brings no types. */
declare module 'pgpass' {
  interface Connection {
    readonly host: string;
    readonly port: number;
    readonly user: string;
    readonly database: string;
  }
  export default function pgpass(connection: Connection, found: (password: string | undefined) => void): void;
}
