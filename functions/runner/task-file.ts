/** A task module in the bundle, before it is loaded. */
export interface TaskFile {
  /** The digits as the file name has them. */
  readonly version: string;
  readonly name: string;
  /** The path below the tasks' folder. */
  readonly file: string;
  /** SHA-256 of the file's text with LF line ends, in hex. */
  readonly checksum: string;
  /** Imports the module, whose default export should be a task. */
  readonly load: () => Promise<{ readonly default?: unknown }>;
}
