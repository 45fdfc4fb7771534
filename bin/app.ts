#!/usr/bin/env node
import { App, aws_dynamodb as dynamodb, RemovalPolicy, Stack } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { AfterParty } from '../lib/index.ts';

/** A shop whose releases need the tasks in `tasks/`. */
class Demo extends Stack {
  constructor(scope: Construct, id: string) {
    super(scope, id);
    const users = this.#table('Users', 'id');
    const titles = this.#table('Titles', 'id');
    const prices = this.#table('Prices', 'sku');
    const profiles = this.#table('Profiles', 'id');
    const invoices = this.#table('Invoices', 'month', 'number');
    const party = new AfterParty(this, 'Tasks', {
      tasks: 'tasks',
      environment: {
        USERS_TABLE: users.tableName,
        TITLES_TABLE: titles.tableName,
        PRICES_TABLE: prices.tableName,
        PROFILES_TABLE: profiles.tableName,
        INVOICES_TABLE: invoices.tableName,
        PRICE_LIST_URL: 'https://prices.example.com/list.csv',
        SEARCH_URL: 'https://search.example.com',
        SEARCH_SECRET: 'demo/search-token',
        PARTNER_URL: 'https://partner.example.com',
        MAIL_URL: 'https://mail.example.com',
        SHOP_URL: 'https://shop.example.com',
        IDENTITY_URL: 'https://identity.example.com',
        SLACK_URL: 'https://slack.example.com',
      },
    });
    for (const table of [users, titles, prices, profiles, invoices]) table.grantReadWriteData(party);
  }

  #table(id: string, partitionKey: string, sortKey?: string): dynamodb.TableV2 {
    const key = (name: string): dynamodb.Attribute => ({ name, type: dynamodb.AttributeType.STRING });
    return new dynamodb.TableV2(this, id, {
      partitionKey: key(partitionKey),
      ...(sortKey !== undefined && { sortKey: key(sortKey) }),
      removalPolicy: RemovalPolicy.DESTROY,
    });
  }
}

const app = new App();
new Demo(app, 'Demo');
