/**
 * Whether a URL may be one of CloudFormation's: a pre-signed PUT to its own S3 buckets, or, against an
 * emulator, the host that the function itself calls. An event can be forged by whoever may invoke the
 * function; without this check it could make the controller send a deploy's outcome anywhere.
 */
export function isResponseUrl(text: string, endpointUrl: string | undefined): boolean {
  const url = URL.parse(text);
  // fetch refuses a URL that holds credentials.
  if (url === null || url.username !== '' || url.password !== '') return false;
  const isHttp = url.protocol === 'https:' || url.protocol === 'http:';
  if (isHttp && endpointUrl !== undefined && url.host === URL.parse(endpointUrl)?.host) return true;
  return url.protocol === 'https:' && url.port === '' && isCloudFormationBucket(url);
}

const BUCKET = /^cloudformation-custom-resource-response-[a-z0-9-]+$/;
/** S3's endpoints in every partition: `s3.amazonaws.com`, `s3.eu-west-1.amazonaws.com`, `s3-us-west-2…`, `….com.cn`. */
const S3 =
  /^s3(?:[.-](?:dualstack\.)?[a-z0-9-]+)?\.(?:amazonaws\.com(?:\.cn)?|amazonaws\.eu|c2s\.ic\.gov|sc2s\.sgov\.gov|cloud\.adc-e\.uk|csp\.hci\.ic\.gov)$/;

function isCloudFormationBucket(url: URL): boolean {
  const dot = url.hostname.indexOf('.');
  const [first, rest] = [url.hostname.slice(0, dot), url.hostname.slice(dot + 1)];
  if (BUCKET.test(first) && S3.test(rest)) return true;
  return S3.test(url.hostname) && BUCKET.test(url.pathname.split('/')[1] ?? '');
}
