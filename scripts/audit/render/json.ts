/** Any document of this room for programs: the document itself, and a line end. */
export function renderJson(document: object): string {
  return JSON.stringify(document, undefined, 2);
}
