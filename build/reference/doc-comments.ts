/** A member of a class or interface, with what its doc comment says. */
export interface Member {
  readonly name: string;
  /** Its declaration on one line: `timeout?: Duration`. */
  readonly declaration: string;
  readonly isOptional: boolean;
  readonly text: string;
  /** After `@default`. */
  readonly default: string | undefined;
  /** After each `@throws` and `@returns`. */
  readonly tags: readonly string[];
}

/** The declaration of a member: its head, up to what ends it on the outermost level. */
const MEMBER =
  /(?:^ {2}\/\*\*((?:(?!\*\/).)*)\*\/\n)?^ {2}(?:readonly |static |get )*([a-z]\w*)(\??)([:(])/gms;

/**
 * The public members of a class or interface, in their order; those that are never there are left out. The source
 * is formatted, so that members are indented by two and end at the first line that ends on their level.
 * @throws Error where there is no such type
 */
export function membersOf(source: string, type: string): Member[] {
  const body = bodyOf(source, type);
  return [...body.matchAll(MEMBER)].flatMap((found) => {
    const [whole, comment, name = '', mark] = found;
    if (name === 'constructor') return [];
    const start = found.index + whole.search(/^ {2}(?!\/\*\*| \*)\S/m);
    const declaration = declarationAt(body, start);
    if (declaration.endsWith('?: never')) return [];
    return [{ name, declaration, isOptional: mark === '?', ...parsed(comment ?? '') }];
  });
}

function bodyOf(source: string, type: string): string {
  const head = new RegExp(`^export (?:interface|class) ${type}\\b`, 'm').exec(source);
  if (head === null) throw new Error(`there is no ${type}`);
  const end = source.indexOf('\n}', head.index);
  return source.slice(source.indexOf('\n', head.index) + 1, end + 1);
}

/** The text of a declaration without the body that may follow. */
function declarationAt(body: string, start: number): string {
  let depth = 0;
  for (let at = start; at < body.length; at += 1) {
    const letter = body.charAt(at);
    const opensBody = letter === '{' && depth === 0 && /[)\w>\]] $/.test(body.slice(start, at));
    if (depth === 0 && (letter === ';' || opensBody)) return oneLine(body.slice(start, at));
    if ('({[<'.includes(letter)) depth += 1;
    else if (')}]'.includes(letter) || (letter === '>' && body.charAt(at - 1) !== '=')) depth -= 1;
  }
  throw new Error(`no end of the declaration at ${body.slice(start, start + 40)}`);
}

function oneLine(text: string): string {
  return text
    .replace(/^\s*readonly /, '')
    .replace(/\s+/g, ' ')
    .trim();
}

function parsed(comment: string): Pick<Member, 'text' | 'default' | 'tags'> {
  const [text = '', ...tags] = comment
    .replace(/^\s*\* ?/gm, '')
    .split(/^ *@/m)
    .map((part) => part.replace(/\s+/g, ' ').trim());
  const value = tags.find((tag) => tag.startsWith('default '))?.slice('default '.length);
  return { text, default: value, tags: tags.filter((tag) => !tag.startsWith('default ')) };
}
