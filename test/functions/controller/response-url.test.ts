import { describe, expect, it } from 'vitest';
import { isResponseUrl } from '../../../functions/controller/response-url.ts';

const KEY = 'arn%3Aaws%3Acloudformation%3Aeu-west-1%3A123456789012%3Astack/Shop/1?X-Amz-Signature=abc';
const BUCKET = 'cloudformation-custom-resource-response-euwest1';

describe('a response URL', () => {
  it.each([
    `${BUCKET}.s3.amazonaws.com`,
    `${BUCKET}.s3-eu-west-1.amazonaws.com`,
    `${BUCKET}.s3.eu-west-1.amazonaws.com`,
    `${BUCKET}.s3.dualstack.eu-west-1.amazonaws.com`,
    'cloudformation-custom-resource-response-usgovwest1.s3.us-gov-west-1.amazonaws.com',
    'cloudformation-custom-resource-response-cnnorth1.s3.cn-north-1.amazonaws.com.cn',
    'cloudformation-custom-resource-response-euscdeeast1.s3.eusc-de-east-1.amazonaws.eu',
    'cloudformation-custom-resource-response-usisoeast1.s3.us-iso-east-1.c2s.ic.gov',
    'cloudformation-custom-resource-response-usisobeast1.s3.us-isob-east-1.sc2s.sgov.gov',
    'cloudformation-custom-resource-response-euisoewest1.s3.eu-isoe-west-1.cloud.adc-e.uk',
    'cloudformation-custom-resource-response-usisofsouth1.s3.us-isof-south-1.csp.hci.ic.gov',
    `s3.amazonaws.com/${BUCKET}`,
    `s3.eu-west-1.amazonaws.com/${BUCKET}`,
    `s3-eu-west-1.amazonaws.com/${BUCKET}`,
    `s3.cn-north-1.amazonaws.com.cn/${BUCKET}`,
  ])('of CloudFormation is known: %s', (place) => {
    expect(isResponseUrl(`https://${place}/${KEY}`, undefined)).toBe(true);
  });

  it.each([
    ['no URL', 'cloudformation'],
    ['http', `http://${BUCKET}.s3.amazonaws.com/${KEY}`],
    ['another port', `https://${BUCKET}.s3.amazonaws.com:8443/${KEY}`],
    ['a user', `https://user@${BUCKET}.s3.amazonaws.com/${KEY}`],
    ['a password', `https://:secret@${BUCKET}.s3.amazonaws.com/${KEY}`],
    ['a host behind what looks like a user', `https://${BUCKET}.s3.amazonaws.com@evil.example/${KEY}`],
    ['a longer host', `https://${BUCKET}.s3.amazonaws.com.evil.example/${KEY}`],
    ['a host that ends alike', `https://${BUCKET}.s3.evilamazonaws.com/${KEY}`],
    ['a trailing dot', `https://${BUCKET}.s3.amazonaws.com./${KEY}`],
    ['no bucket', `https://s3.amazonaws.com/${KEY}`],
    ['another bucket', `https://evil.s3.amazonaws.com/${KEY}`],
    ['a bucket whose name ends alike', `https://evil-${BUCKET}.s3.amazonaws.com/${KEY}`],
    ['a bucket below another', `https://evil.${BUCKET}.s3.amazonaws.com/${KEY}`],
    [
      'the bucket without a region',
      `https://cloudformation-custom-resource-response-.s3.amazonaws.com/${KEY}`,
    ],
    ['another bucket in the path', `https://s3.amazonaws.com/evil/${BUCKET}/${KEY}`],
    ['a path that leaves the bucket', `https://s3.amazonaws.com/${BUCKET}/../evil/${KEY}`],
    ['an encoded path that leaves it', `https://s3.amazonaws.com/${BUCKET}/%2e%2e/evil/${KEY}`],
    ['an empty bucket in the path', `https://s3.amazonaws.com//${BUCKET}/${KEY}`],
    ['another service of AWS', `https://${BUCKET}.execute-api.eu-west-1.amazonaws.com/${KEY}`],
    ['the bucket as a query', `https://evil.example/?https://${BUCKET}.s3.amazonaws.com/`],
    ['the metadata service', 'http://169.254.169.254/latest/meta-data/'],
    ['a file', 'file:///etc/passwd'],
  ])('with %s is refused', (_, url) => {
    expect(isResponseUrl(url, undefined)).toBe(false);
  });

  it('may have the host that the function itself calls', () => {
    const endpoint = 'http://127.0.0.1:4566';
    expect(isResponseUrl('http://127.0.0.1:4566/_ministack/cfn-response/1', endpoint)).toBe(true);
    expect(isResponseUrl(`https://${BUCKET}.s3.amazonaws.com/${KEY}`, endpoint)).toBe(true);
  });

  it.each([
    'http://127.0.0.1:4567/response',
    'http://127.0.0.1/response',
    'http://127.0.0.2:4566/response',
    'http://user@127.0.0.1:4566/response',
    'ftp://127.0.0.1:4566/response',
  ])('with another host, port, user or protocol than the endpoint is refused: %s', (url) => {
    expect(isResponseUrl(url, 'http://127.0.0.1:4566')).toBe(false);
  });

  it('an endpoint that is no URL allows nothing', () => {
    expect(isResponseUrl('http://127.0.0.1:4566/response', 'nonsense')).toBe(false);
  });
});
