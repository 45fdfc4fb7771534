/** The page that `init` puts beside the tasks. */
export const tasksReadme = `# Post-deploy tasks

Each file \`<version>_<name>.ts\` here is a task. \`cdk deploy\` runs those that have not yet run in that environment, in
the order of their versions, each once, and records them.

    npx after-party generate task backfill_full_name     write a new one, and its test; --template dynamo, csv, sql …
    npx after-party dev backfill_full_name               try it on this machine, again on each save
    npx after-party status --stack NAME                  what ran, what failed, what is pending

- A task runs at least once: one that failed or broke off runs again with the next deploy. Write it so that a second
  run does no harm.
- Once a task has run somewhere, leave its version alone: that is how the environment remembers it. The name may change.
- \`_x.ts\` and \`*.test.ts\` are no tasks; use them for shared code and tests.
- \`tasks/.templates/NAME.ts\` is a template of your own for \`generate task --template NAME\`, and \`NAME.test.ts\` beside it
  the test. \`{{name}}\`, \`{{version}}\` and \`{{description}}\` stand for those of the task, and the line \`// {{options}}\`
  inside \`defineTask({ … })\` for what flags such as \`--background\` say. It comes before one of the package.
  Its imports are written as from \`tasks/\`.
- Variables for the tasks on this machine go into \`tasks/.env.local\`.
`;
