/** Names of what holds a secret, in words joined by `_`; `password1`, `tokens` and `password_wo` are no other
 * names. */
const SECRET =
  /(^|_)(pass(word|wd|phrase|code)?|pgpassword|pwd?|secret|credential|token|(private|access|account|shared|api|client|ssh|encryption)_key|sas|shared_access_signature|connection_string)s?_?\d*(_wo)?$/;

/** `password=x`, `AccountKey=x`, `"secret": "x"` within a longer text; a comparison (`==`) is none. */
const SECRET_IN_TEXT =
  /(password|passwd|passphrase|pwd|secret|token|(private|access|account|shared|api)_?key|shared_?access_?signature)s?["']?(\s*=(?!=)\s*|\s*:\s*["'])[^\s=,;&]/i;

/** A word in the query of a page, as in `https://wiki.example.com/reset?password=forgotten`: it names what the page is about. */
const WORD_IN_QUERY = /(https?:\/\/[^\s?#]+[?#](?:\S*?&)?)[\w-]+=([a-z][a-z_-]*|\d{1,2})(?=[&#\s]|$)/g;

/** `scheme://user:password@host`. */
const CREDENTIALS_IN_URL = /:\/\/[^/\s:@]*:[^/\s@]+@/;

/**
 * True for the names of arguments, variables, outputs and locals that hold a secret. Their values are part of no
 * message and no document.
 *
 * @param name its own name, without what is above it: `admin_password`, `adminPassword`, `admin-pw`
 */
export function namesSecret(name: string): boolean {
  const words = name
    .replace(/([a-z\d])([A-Z])/g, '$1_$2')
    .replace(/[^A-Za-z\d]+/g, '_')
    .toLowerCase();
  return SECRET.test(words);
}

/** What a text gives away by itself, whatever it is called. */
export function secretIn(text: string): 'url' | 'text' | undefined {
  if (CREDENTIALS_IN_URL.test(text)) return 'url';
  return SECRET_IN_TEXT.test(text.replace(WORD_IN_QUERY, '$1')) ? 'text' : undefined;
}

/** True for a tag that gives a secret away: by its name, unless it says that there is none, or by its value. */
export function isSecretTag(name: string, value: string): boolean {
  return (namesSecret(name) && !saysThereIsNone(value)) || secretIn(value) !== undefined;
}

/** True for the text of a tag called token that says that there is none. */
export function saysThereIsNone(text: string): boolean {
  return /^(none|no|n\/a|unused|not[ -]used|false|-)?$/i.test(text.trim());
}
