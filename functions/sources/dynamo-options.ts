/** What a source decides itself, and what DynamoDB keeps only for programs of before 2014. */
const DECIDED = [
  'ExclusiveStartKey',
  'Segment',
  'TotalSegments',
  'Select',
  'AttributesToGet',
  'ConditionalOperator',
  'KeyConditions',
  'QueryFilter',
  'ScanFilter',
] as const;

export type DecidedOption = (typeof DECIDED)[number];

/** @throws TypeError for what the types would have refused, in plain JavaScript */
export function refuseDecidedOptions(source: string, options: object): void {
  const name = DECIDED.find((decided) => decided in options);
  if (name !== undefined)
    throw new TypeError(`${source} takes no ${name}: it reads whole items, from where it stopped`);
}
