import { Cached, CircuitBreaker, Retry, Timeout, currentCall, throwIfNotOk } from '@holdfast/core';

export interface Product {
  readonly id: string;
  readonly name: string;
  readonly price: number;
}

/** What both clients offer, so that the same calls go through either. */
export interface Products {
  product(id: string): Promise<Product>;
}

/** A client as it is often written: it asks, and passes on whatever comes back. */
export class PlainCatalog implements Products {
  constructor(private readonly url: string) {}

  async product(id: string): Promise<Product> {
    const response = throwIfNotOk(await fetch(`${this.url}/products/${id}`));
    return (await response.json()) as Product;
  }
}

/** The same client. Four lines above the method, and `signal`, so that work nobody waits for any more ends. */
export class Catalog implements Products {
  constructor(private readonly url: string) {}

  @Cached({ ttl: '2s', staleWhileRevalidate: '3s', staleIfError: '1h' })
  @Retry({ maxAttempts: 3, delay: '100ms' })
  @CircuitBreaker({ failureThreshold: 5, recoveryTimeout: '1s' })
  @Timeout({ attempt: '500ms', total: '900ms' })
  async product(id: string): Promise<Product> {
    const { signal } = currentCall();
    const response = throwIfNotOk(await fetch(`${this.url}/products/${id}`, { signal }));
    return (await response.json()) as Product;
  }
}
