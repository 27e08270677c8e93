import { Cached, CircuitBreaker, Invalidates, Retry, Timeout, currentCall } from '@holdfast/core';
import type { Database, Product } from './database.js';

/** What the pages of the shop are made of. */
export interface Catalog {
  product(id: string): Promise<Product | undefined>;
  category(name: string): Promise<Product[]>;
  setPrice(id: string, price: number): Promise<void>;
}

/** Every page asks the database. */
export class PlainCatalog implements Catalog {
  private readonly database: Database;

  constructor(database: Database) {
    this.database = database;
  }

  product(id: string): Promise<Product | undefined> {
    return this.database.product(id);
  }

  category(name: string): Promise<Product[]> {
    return this.database.category(name);
  }

  setPrice(id: string, price: number): Promise<void> {
    return this.database.setPrice(id, price);
  }
}

/** The same, decorated. */
export class CachedCatalog implements Catalog {
  private readonly database: Database;

  constructor(database: Database) {
    this.database = database;
  }

  @Cached({ ttl: '1s', refreshAhead: 0.7, staleIfError: '1h', softTimeout: '50ms', tags: (id) => [`product:${id}`] })
  @Retry({ maxAttempts: 2, delay: '20ms' })
  @CircuitBreaker({ recoveryTimeout: '300ms', name: 'database' })
  @Timeout('5s')
  async product(id: string): Promise<Product | undefined> {
    return this.database.product(id);
  }

  @Cached({ ttl: '1s', refreshAhead: 0.7, staleIfError: '1h', softTimeout: '50ms' })
  @Retry({ maxAttempts: 2, delay: '20ms' })
  @CircuitBreaker({ recoveryTimeout: '300ms', name: 'database' })
  @Timeout('5s')
  async category(name: string): Promise<Product[]> {
    const { cache } = currentCall();
    const products = await this.database.category(name);
    cache?.setTags(products.map(({ id }) => `product:${id}`));
    return products;
  }

  @Invalidates({ tags: (id) => [`product:${id}`] })
  async setPrice(id: string, price: number): Promise<void> {
    await this.database.setPrice(id, price);
  }
}
