import { Annotations, Aspects, aws_ec2 as ec2 } from 'aws-cdk-lib';
import type { Construct, IConstruct } from 'constructs';

/** Warns, when the app is synthesised, unless it has an endpoint for DynamoDB in the network. */
export function warnWithoutDynamoDbEndpoint(scope: Construct, vpc: ec2.IVpc): void {
  Aspects.of(scope).add({
    visit(construct) {
      if (construct !== scope || scope.node.root.node.findAll().some(isEndpoint)) return;
      Annotations.of(scope).addWarningV2(
        'after-party:no-dynamodb-endpoint',
        'the vpc has no endpoint for DynamoDB that can be seen from here, and the tasks need a route to their ledger: ' +
          "add vpc.addGatewayEndpoint('DynamoDb', { service: ec2.GatewayVpcEndpointAwsService.DYNAMODB }), " +
          'or acknowledge this warning where an endpoint or a NAT gateway exists',
      );
    },
  });

  function isEndpoint(construct: IConstruct): boolean {
    return (
      construct instanceof ec2.CfnVPCEndpoint &&
      construct.vpcId === vpc.vpcId &&
      JSON.stringify(construct.stack.resolve(construct.serviceName)).includes('dynamodb')
    );
  }
}
