/** `<version>_<name>`, as the task's file is called. */
export function idOf({ version, name }: { readonly version: string; readonly name: string }): string {
  return `${version}_${name}`;
}
