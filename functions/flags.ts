/** Flags as a person would type them in a shell, each with a space in front. */
export function flagsOf(values: Readonly<Record<string, string | undefined>>): string {
  return Object.entries(values)
    .map(([flag, value]) => (value === undefined ? '' : ` --${flag} ${shellWord(value)}`))
    .join('');
}

function shellWord(value: string): string {
  return /^[\w@%+=:,./-]+$/.test(value) ? value : `'${value.replaceAll("'", "'\\''")}'`;
}
