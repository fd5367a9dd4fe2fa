/**
 * Text of a file as Terraform takes it for itself: what looks like a template in it is none. Whoever may tag a cluster would
 * otherwise have the next deploy read files of the machine it runs on.
 */
export function literal(text: string): string {
  return text.replace(/[$%](?=\{)/g, '$&$&');
}

/** The same for names and values. */
export function literals(texts: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(texts).map(([name, value]) => [literal(name), literal(value)]));
}
