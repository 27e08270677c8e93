/* A real NestJS application on loopback: its guards, routes, pipes and interceptors find the decorated methods. */
import 'reflect-metadata';
import {
  type CallHandler,
  type CanActivate,
  Controller,
  type ExecutionContext,
  Get,
  Header,
  HttpCode,
  Inject,
  type INestApplication,
  Injectable,
  Module,
  type NestInterceptor,
  Param,
  ParseIntPipe,
  Post,
  Query,
  Scope,
  SetMetadata,
  UseGuards,
  UseInterceptors,
} from '@nestjs/common';
// Nest finds what to inject by the emitted metadata, which needs the value.
import { NestFactory, Reflector } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import type { AddressInfo } from 'node:net';
import { type Observable, map } from 'rxjs';
import {
  Cached,
  CircuitBreaker,
  Resilient,
  Retry,
  Timeout,
  configure,
  explain,
  resetConfiguration,
} from '../../src/index.js';

const asked: string[] = [];

/** Lets a request pass that brings the role which the handler asks for. */
@Injectable()
class RolesGuard implements CanActivate {
  readonly #reflector: Reflector;

  constructor(@Inject(Reflector) reflector: Reflector) {
    this.#reflector = reflector;
  }

  canActivate(context: ExecutionContext): boolean {
    const role = this.#reflector.get<string | undefined>('role', context.getHandler());
    const { headers } = context.switchToHttp().getRequest<{ headers: Record<string, string> }>();
    asked.push(`${context.getClass().name}.${context.getHandler().name} wants ${role}`);
    return role === undefined || headers['x-role'] === role;
  }
}

@Injectable()
class Wrapping implements NestInterceptor {
  intercept(_context: ExecutionContext, next: CallHandler): Observable<unknown> {
    return next.handle().pipe(map((data: unknown) => ({ data })));
  }
}

@Injectable()
class Prices {
  calls = 0;

  @Cached({ ttl: '1m' })
  @Retry({ delay: 0 })
  async of(id: number): Promise<number> {
    this.calls += 1;
    if (this.calls === 1) throw Object.assign(new Error('reset'), { code: 'ECONNRESET' });
    return id * 10;
  }
}

@Injectable({ scope: Scope.REQUEST })
class PerRequest {
  calls = 0;

  @Cached()
  async count(): Promise<number> {
    return (this.calls += 1);
  }
}

@Controller('orders')
class Orders {
  readonly #prices: Prices;
  calls = 0;
  failures = 2;

  constructor(prices: Prices) {
    this.#prices = prices;
  }

  @Get('ours-inside/:id')
  @UseGuards(RolesGuard)
  @SetMetadata('role', 'admin')
  @Cached({ ttl: '1m' })
  @Retry({ delay: 0 })
  async inside(@Param('id', ParseIntPipe) id: number, @Query('currency') currency?: string): Promise<unknown> {
    this.calls += 1;
    return { id, currency, calls: this.calls, price: await this.#prices.of(id) };
  }

  @Cached({ ttl: '1m' })
  @Retry({ delay: 0 })
  @Get('ours-outside/:id')
  @UseGuards(RolesGuard)
  @SetMetadata('role', 'admin')
  async outside(@Param('id', ParseIntPipe) id: number): Promise<unknown> {
    this.calls += 1;
    return { id, calls: this.calls };
  }

  @Retry({ delay: 0 })
  @Get('between')
  @Timeout('2s')
  @UseInterceptors(Wrapping)
  @CircuitBreaker()
  @Header('x-served-by', 'holdfast')
  async between(): Promise<string> {
    if (this.failures-- > 0) throw Object.assign(new Error('reset'), { code: 'ECONNRESET' });
    return 'between';
  }

  @Post()
  @HttpCode(202)
  @CircuitBreaker()
  place(): string {
    return 'placed';
  }
}

@Resilient({ retry: { delay: 0 }, timeout: '2s' })
@Controller('class-level')
class ClassLevel {
  failures = 1;

  @Get()
  @UseGuards(RolesGuard)
  @SetMetadata('role', 'reader')
  async find(): Promise<string> {
    if (this.failures-- > 0) throw Object.assign(new Error('reset'), { code: 'ECONNRESET' });
    return 'found';
  }
}

@Controller('per-request')
class RequestScoped {
  readonly #counter: PerRequest;

  constructor(counter: PerRequest) {
    this.#counter = counter;
  }

  @Get()
  async find(): Promise<number[]> {
    return [await this.#counter.count(), await this.#counter.count()];
  }
}

@Module({ controllers: [Orders, ClassLevel, RequestScoped], providers: [Prices, PerRequest, RolesGuard] })
class Application {}

let app: INestApplication;
let base: string;

beforeAll(async () => {
  configure({ logger: false });
  app = await NestFactory.create(Application, new ExpressAdapter(), { logger: false });
  await app.listen(0, '127.0.0.1');
  base = `http://127.0.0.1:${(app.getHttpServer() as { address(): AddressInfo }).address().port}`;
});

afterAll(async () => {
  await app.close();
  resetConfiguration();
});

beforeEach(() => {
  asked.length = 0;
});

const get = async (path: string, role?: string, method = 'GET') => {
  const response = await fetch(`${base}${path}`, {
    method,
    headers: { connection: 'close', ...(role && { 'x-role': role }) },
  });
  const text = await response.text();
  return {
    status: response.status,
    headers: response.headers,
    body: text.startsWith('{') || text.startsWith('[') ? (JSON.parse(text) as unknown) : text,
  };
};

describe('in a NestJS application', () => {
  test.each(['inside', 'outside'])('a guard still refuses, when our lines stand %s of its own', async (where) => {
    expect(await get(`/orders/ours-${where}/1`)).toMatchObject({ status: 403 });
    expect(await get(`/orders/ours-${where}/1`, 'reader')).toMatchObject({ status: 403 });
    expect(asked).toEqual(Array(2).fill(`Orders.${where} wants admin`));
  });

  test('a route is served, with its parameters parsed, and cached by them', async () => {
    const first = await get('/orders/ours-inside/7?currency=EUR', 'admin');
    expect(first).toMatchObject({ status: 200, body: { id: 7, currency: 'EUR', price: 70 } });
    expect(await get('/orders/ours-inside/7?currency=EUR', 'admin')).toMatchObject({ body: first.body });
    expect((await get('/orders/ours-inside/7?currency=CHF', 'admin')).body).not.toEqual(first.body);
    expect(await get('/orders/ours-inside/seven', 'admin')).toMatchObject({ status: 400 });
  });

  test('a route whose lines stand below ours is served as well', async () => {
    const first = await get('/orders/ours-outside/7', 'admin');
    expect(first).toMatchObject({ status: 200, body: { id: 7 } });
    expect((await get('/orders/ours-outside/7', 'admin')).body).toEqual(first.body);
  });

  test('a cached answer does not let anybody past the guard', async () => {
    await get('/orders/ours-inside/8', 'admin');
    expect(await get('/orders/ours-inside/8')).toMatchObject({ status: 403 });
  });

  test('lines of both kinds may alternate: retries, headers and interceptors work, in one stack', async () => {
    const response = await get('/orders/between');
    expect(response).toMatchObject({ status: 200, body: { data: 'between' } });
    expect(response.headers.get('x-served-by')).toBe('holdfast');
    const between = explain(app.get(Orders)).methods.find(({ method }) => method === 'Orders.between');
    expect(between?.stack.map(({ policy }) => policy)).toEqual(['retry', 'circuit-breaker', 'timeout']);
  });

  test('a synchronous handler stays synchronous', async () => {
    expect(await get('/orders', undefined, 'POST')).toMatchObject({ status: 202, body: 'placed' });
    expect(app.get(Orders).place()).toBe('placed');
  });

  test('a controller with a class-level @Resilient is served and guarded', async () => {
    expect(await get('/class-level')).toMatchObject({ status: 403 });
    expect(await get('/class-level', 'reader')).toMatchObject({ status: 200, body: 'found' });
  });

  test('a provider is injected, retried and cached', async () => {
    const prices = app.get(Prices);
    await prices.of(99);
    const { calls } = prices;
    expect([await prices.of(99), prices.calls]).toEqual([990, calls]);
  });

  test('a request-scoped provider has a cache per request', async () => {
    expect((await get('/per-request')).body).toEqual([1, 1]);
    expect((await get('/per-request')).body).toEqual([1, 1]);
  });

  test('the metadata of routes is on the wrapper', () => {
    expect(Reflect.getMetadata('path', Orders.prototype.inside)).toBe('ours-inside/:id');
    expect(Reflect.getMetadata('path', Orders.prototype.outside)).toBe('ours-outside/:id');
    expect(Reflect.getMetadata('role', Orders.prototype.outside)).toBe('admin');
    expect(Reflect.getMetadata('design:paramtypes', Orders.prototype, 'inside')).toEqual([Number, String]);
  });
});
