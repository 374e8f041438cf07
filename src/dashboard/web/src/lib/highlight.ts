export interface Token {
  kind: 'comment' | 'string' | 'keyword' | 'plain';
  text: string;
}

const TOKENS =
  /(\/\/.*$)|("(?:[^"\\]|\\.)*"?)|\b(use|async|await|fn|let|mut|if|else|loop|match|return|pub|struct|impl|for|in|while|break|continue|Some|None|Ok|Err)\b/g;

/** Just enough of Rust for a projector: what is said, what is sent, and what is code. */
export function tokens(line: string): Token[] {
  const found: Token[] = [];
  let at = 0;
  for (const match of line.matchAll(TOKENS)) {
    if (match.index > at) found.push({ kind: 'plain', text: line.slice(at, match.index) });
    const kind = match[1] !== undefined ? 'comment' : match[2] !== undefined ? 'string' : 'keyword';
    found.push({ kind, text: match[0] });
    at = match.index + match[0].length;
  }
  if (at < line.length) found.push({ kind: 'plain', text: line.slice(at) });
  return found;
}
